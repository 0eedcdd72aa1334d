"""``JWT_ERRORS_AS_RESPONSES``: extensions that catch what views raise see an answer instead."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from countersign.compat.flask_jwt_extended import jwt_required
from countersign.compat.flask_jwt_extended.exceptions import NoAuthorizationError

from .application import access_token, bearer, make_app, manager_of


def with_catching_extension(app: Flask) -> Flask:
    """Do to an application what Flask-RESTful does: whatever a view raises is status 500."""

    def handle(error: Exception) -> tuple[dict[str, str], int]:
        return {"message": "Internal Server Error"}, 500

    app.handle_user_exception = handle  # type: ignore[assignment, method-assign]
    return app


def test_the_answer_passes_an_extension_that_catches_everything() -> None:
    app = with_catching_extension(make_app(JWT_ERRORS_AS_RESPONSES=True))
    answer = app.test_client(use_cookies=False).get("/protected")
    assert (answer.status_code, answer.get_json()) == (401, {"msg": "Missing Authorization Header"})
    headers = bearer(access_token(app, additional_claims={"exp": 1}))
    answer = app.test_client(use_cookies=False).get("/protected", headers=headers)
    assert (answer.status_code, answer.get_json()) == (401, {"msg": "Token has expired"})


def test_without_the_setting_it_is_caught_as_ever() -> None:
    app = with_catching_extension(make_app())
    assert app.test_client(use_cookies=False).get("/protected").status_code == 500


def test_callbacks_and_error_handlers_of_the_application_count() -> None:
    app = make_app(JWT_ERRORS_AS_RESPONSES=True)
    manager_of(app).invalid_token_loader(lambda reason: ({"own": reason}, 499))

    @app.errorhandler(NoAuthorizationError)
    def handle(error: Exception) -> tuple[str, int]:
        return "own", 418

    client = app.test_client(use_cookies=False)
    assert client.get("/protected").status_code == 418
    answer = client.get("/protected", headers=bearer("x"))
    assert (answer.status_code, answer.get_json()) == (499, {"own": "Not enough segments"})


def test_what_the_view_itself_raises_is_left_alone() -> None:
    app = make_app(JWT_ERRORS_AS_RESPONSES=True)

    @app.get("/raises")
    @jwt_required(optional=True)
    def raises() -> str:
        raise NoAuthorizationError("from the view")

    app.config["PROPAGATE_EXCEPTIONS"] = True
    assert app.test_client(use_cookies=False).get("/raises").get_json() == {"msg": "from the view"}


def test_other_things_with_error_handlers_can_be_given() -> None:
    """Programs register the answers with the ``Api`` of flask-restx, and return dicts."""

    class Api:
        def __init__(self) -> None:
            self.handlers: dict[type[Exception], Any] = {}

        def errorhandler(self, kind: type[Exception]) -> Any:
            return lambda handler: self.handlers.setdefault(kind, handler)

    app, api = make_app(), Api()
    manager = manager_of(app)
    manager.unauthorized_loader(lambda reason: ({"own": reason}, 401))
    manager._set_error_handler_callbacks(api)
    assert len(api.handlers) == 16
    with app.test_request_context():
        error = NoAuthorizationError("nothing")
        assert api.handlers[NoAuthorizationError](error) == ({"own": "nothing"}, 401)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("extension", ["flask_restful", "flask_restx"])
def test_the_extensions_themselves(extension: str) -> None:
    package: Any = pytest.importorskip(extension)
    app = make_app(JWT_STRICT=True)
    api = package.Api(app)

    class Resource(package.Resource):  # type: ignore[misc]
        @jwt_required()
        def get(self) -> dict[str, bool]:
            return {"ok": True}

    api.add_resource(Resource, "/resource")
    client = app.test_client(use_cookies=False)
    assert client.get("/resource", headers=bearer(access_token(app))).get_json() == {"ok": True}
    answer = client.get("/resource", headers=bearer("x"))
    assert (answer.status_code, answer.get_json()) == (401, {"msg": "Not enough segments"})
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
