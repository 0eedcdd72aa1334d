"""An application with limits of every kind, made with the package that it is given."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, abort, g, make_response, request
from flask.views import MethodView

from countersign.compat.flask_limiter import Limiter


def make_app(package: Any, config: dict[str, Any] | None = None, **options: Any) -> Flask:
    """The application. Its ``limiter`` is in ``app.config["LIMITER"]``."""
    app = Flask(__name__)
    app.config.update(config or {})
    limiter: Limiter = package.Limiter(
        lambda: request.headers.get("User", "nobody"),
        app=app,
        **{"storage_uri": "memory://", "headers_enabled": True, **options},
    )
    app.config["LIMITER"] = limiter
    _views(app, limiter)
    _functions(app, limiter)
    _blueprints(app, package, limiter)

    @limiter.request_filter
    def trusted() -> bool:
        return "Trusted" in request.headers

    @app.after_request
    def tell(response: Any) -> Any:
        response.headers["Met"] = ", ".join(
            f"{limit.key} {limit.breached} {limit.remaining}" for limit in limiter.current_limits
        )
        return response

    return app


def _views(app: Flask, limiter: Limiter) -> None:
    methods = ["GET", "POST"]

    @app.route("/plain", methods=methods)
    def plain() -> str:
        return "plain"

    @app.route("/tight", methods=methods)
    @limiter.limit("2/minute; 5/hour", error_message="slowly")
    def tight() -> str:
        return "tight"

    @app.route("/stacked", methods=methods)
    @limiter.limit("3/minute", per_method=True, on_breach=lambda _: make_response("own", 429))
    @limiter.limit(lambda: request.headers.get("Rate", "4/hour"), override_defaults=False)
    def stacked() -> str:
        return "stacked"

    @app.route("/posts", methods=methods)
    @limiter.limit("1/minute", methods=["POST"], key_func=lambda: "all")
    def posts() -> str:
        return "posts"

    @app.route("/costly")
    @limiter.limit("10/minute", cost=lambda: int(request.headers.get("Cost", 3)))
    def costly() -> str:
        return "costly"

    @app.route("/failures/<int:status>")
    @limiter.limit("2/minute", deduct_when=lambda response: response.status_code >= 400)
    def failures(status: int) -> Any:
        return abort(status) if status >= 400 else "fine"

    @app.route("/scoped/<name>")
    @limiter.limit("2/minute", scope=lambda _: str((request.view_args or {})["name"]))
    def scoped(name: str) -> str:
        return name

    @app.route("/exempt")
    @limiter.exempt
    def exempt() -> str:
        return "exempt"

    @app.route("/half-exempt")
    @limiter.exempt(flags=_flag(limiter, "APPLICATION"))
    def half_exempt() -> str:
        return "half exempt"

    @app.route("/later")
    def later() -> Any:
        return "later", 200, {"Retry-After": "100"}

    shared = limiter.shared_limit("4/minute", scope="pair")
    for name in ("one", "two"):
        view = _named(f"shared_{name}")
        app.add_url_rule(f"/shared/{name}", view_func=shared(view))

    class Item(MethodView):
        decorators = [limiter.limit("2/minute", per_method=True)]  # noqa: RUF012

        def get(self) -> str:
            return "got"

        def post(self) -> str:
            return "posted"

    app.add_url_rule("/item", view_func=Item.as_view("item"))


def _functions(app: Flask, limiter: Limiter) -> None:
    @limiter.limit("2/minute", override_defaults=False)
    def inner() -> str:
        return "inner"

    @app.route("/inner")
    def calls_inner() -> str:
        return inner()

    @app.route("/block/<name>")
    def block(name: str) -> str:
        g.name = name
        with limiter.limit("2/minute", scope=name):
            return name


def _blueprints(app: Flask, package: Any, limiter: Limiter) -> None:
    scope = package.ExemptionScope
    parent, child, free = (Blueprint(name, __name__) for name in ("parent", "child", "free"))
    for blueprint in (parent, child, free):
        name = blueprint.name
        blueprint.add_url_rule("/", view_func=_named(f"view_{name}"))
        blueprint.add_url_rule("/own", view_func=limiter.limit("1/hour")(_named(f"own_{name}")))
    limiter.limit("3/minute")(parent)
    limiter.limit("4/hour", override_defaults=False)(child)
    limiter.exempt(free, flags=scope.DEFAULT | scope.ANCESTORS)
    parent.register_blueprint(child, url_prefix="/child")
    parent.register_blueprint(free, url_prefix="/free")
    app.register_blueprint(parent, url_prefix="/parent")


def _named(name: str) -> Any:
    def view() -> str:
        return name

    view.__name__ = view.__qualname__ = name
    return view


def _flag(limiter: Any, name: str) -> Any:
    """The package's own ExemptionScope, found beside its Limiter."""
    import importlib

    package = type(limiter).__module__.rpartition(".")[0]
    return importlib.import_module(f"{package}.constants").ExemptionScope[name]
