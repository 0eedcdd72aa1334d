"""Bind everything to an application: `JWTManager`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from countersign import jwt

from . import _refusals, _settings, tokens
from ._loaders import Loaders
from ._store import claims_of_store
from .config import config
from .default_callbacks import default_decode_key_callback
from .revocation import open_store
from .typing import ExpiresDelta, Fresh
from .utils import current_user_context_processor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask

__all__ = ["JWTManager"]


class JWTManager(Loaders):
    """Hold an application's callbacks and answer for its tokens.

    ::

        app.config["JWT_SECRET_KEY"] = ...
        jwt = JWTManager(app)   # or JWTManager() and, later, jwt.init_app(app)
    """

    def __init__(self, app: Flask | None = None, add_context_processor: bool = False) -> None:
        """Make a manager, and bind it if an application is given.

        Args:
            app: The application.
            add_context_processor: Whether templates get `current_user`.
        """
        super().__init__()
        if app is not None:
            self.init_app(app, add_context_processor)

    def init_app(self, app: Flask, add_context_processor: bool = False) -> None:
        """Bind the manager to an application.

        Args:
            app: The application. Set ``JWT_STRICT``, and what shall differ from it, before.
            add_context_processor: Whether templates get `current_user`.
        """
        app.extensions["flask-jwt-extended"] = self
        if add_context_processor:
            app.context_processor(current_user_context_processor)
        self._set_default_configuration_options(app)
        self._set_error_handler_callbacks(app)

    @staticmethod
    def _set_default_configuration_options(app: Flask) -> None:
        _settings.install(app)
        # Looked at now, opened later: a setting that means nothing stops the application here.
        open_store(app.config["JWT_REVOCATION_STORE"])

    def _set_error_handler_callbacks(self, app: Any) -> None:
        """Register the answers; programs call this for the ``Api`` of flask-restx, too."""
        _refusals.register(self, app)

    def _encode_jwt_from_config(
        self,
        identity: Any,
        token_type: str,
        claims: Mapping[str, Any] | None = None,
        fresh: Fresh = False,
        expires_delta: ExpiresDelta | None = None,
        headers: Mapping[str, Any] | None = None,
    ) -> str:
        _settings.app_state()
        if expires_delta is None:
            is_access = token_type == "access"  # noqa: S105 # no secret
            expires_delta = config.access_expires if is_access else config.refresh_expires
        subject = self._user_identity_callback(identity)
        own = tokens.new_claims(token_type, subject, fresh, expires_delta)
        more_headers = {**(self._jwt_additional_header_callback(identity) or {}), **(headers or {})}
        written = {**own, **(self._user_claims_callback(identity) or {}), **(claims or {})}
        return jwt.encode(
            {**written, **claims_of_store(written)},
            self._encode_key_callback(identity),
            config.algorithm,
            headers=more_headers,
            json_encoder=config.json_encoder,
        )

    def _decode_jwt_from_config(
        self, encoded_token: str, csrf_value: str | None = None, allow_expired: bool = False
    ) -> dict[str, Any]:
        key = self._key_to_decode(encoded_token)
        try:
            return tokens.decode(encoded_token, key, csrf_value, allow_expired=allow_expired)
        except jwt.ExpiredSignatureError as error:
            # Whether nothing else is wrong with it; the callback wants to see it, too.
            expired = tokens.decode(encoded_token, key, csrf_value, allow_expired=True)
            refusal: Any = error
            refusal.jwt_header, refusal.jwt_data = expired.header, expired
            raise

    def _key_to_decode(self, encoded_token: str) -> Any:
        """Ask for the key; only a callback of the application's own has to see the token first."""
        if self._decode_key_callback is default_decode_key_callback:
            return self._decode_key_callback({}, {})
        unverified = jwt.decode_complete(encoded_token, options={"verify_signature": False})
        return self._decode_key_callback(unverified["header"], unverified["payload"])
