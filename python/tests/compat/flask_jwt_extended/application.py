"""An application with one route for each thing that a token may be asked for."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from flask import Flask, jsonify

from countersign.compat import flask_jwt_extended as ours

SECRET = "a secret of more than thirty-two bytes"


def make_app(package: Any = ours, **settings: Any) -> Flask:
    """Make the application, with our package or with the original."""
    app = Flask("application")
    app.config["JWT_SECRET_KEY"] = SECRET
    app.config.update(settings)
    package.JWTManager(app)
    for path, wanted in {
        "protected": {},
        "optional": {"optional": True},
        "fresh": {"fresh": True},
        "refresh": {"refresh": True},
        "any": {"verify_type": False},
        "unchecked": {"skip_revocation_check": True},
    }.items():
        app.add_url_rule(
            f"/{path}", path, _view(package, wanted), methods=["GET", "POST", "OPTIONS"]
        )
    return app


def _view(package: ModuleType, wanted: dict[str, bool]) -> Any:
    def view() -> Any:
        return jsonify(
            sub=package.get_jwt_identity() if package.get_jwt() else None,
            location=package.get_jwt_request_location(),
        )

    return package.jwt_required(**wanted)(view)


def manager_of(app: Flask) -> ours.JWTManager:
    manager: ours.JWTManager = app.extensions["flask-jwt-extended"]
    return manager


def access_token(app: Flask, identity: Any = "user-1", **kwargs: Any) -> str:
    with app.test_request_context():
        return ours.create_access_token(identity, **kwargs)


def refresh_token(app: Flask, identity: Any = "user-1", **kwargs: Any) -> str:
    with app.test_request_context():
        return ours.create_refresh_token(identity, **kwargs)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def cookie(token: str, name: str = "access_token_cookie") -> dict[str, str]:
    """Send a cookie. The client must be one without cookies of its own, else it drops this."""
    return {"Cookie": f"{name}={token}"}
