"""Hold the callbacks of an application: fifteen, each set by a decorator of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from . import default_callbacks as default

Callback = TypeVar("Callback", bound=Callable[..., Any])


class Loaders:
    """Let an application replace what happens by default.

    In what follows, ``header`` and ``claims`` are those of the token, and *answer* means that the
    callback returns what a view may return.
    """

    def __init__(self) -> None:
        """Start with the defaults."""
        self._user_claims_callback: Callable[..., Any] = default.default_additional_claims_callback
        self._jwt_additional_header_callback: Callable[..., Any] = (
            default.default_jwt_headers_callback
        )
        self._user_identity_callback: Callable[..., Any] = default.default_user_identity_callback
        self._encode_key_callback: Callable[..., Any] = default.default_encode_key_callback
        self._decode_key_callback: Callable[..., Any] = default.default_decode_key_callback
        self._user_lookup_callback: Callable[..., Any] | None = None
        self._token_in_blocklist_callback: Callable[..., Any] = default.default_blocklist_callback
        self._token_verification_callback: Callable[..., Any] = (
            default.default_token_verification_callback
        )
        self._unauthorized_callback: Callable[..., Any] = default.default_unauthorized_callback
        self._invalid_token_callback: Callable[..., Any] = default.default_invalid_token_callback
        self._expired_token_callback: Callable[..., Any] = default.default_expired_token_callback
        self._revoked_token_callback: Callable[..., Any] = default.default_revoked_token_callback
        self._needs_fresh_token_callback: Callable[..., Any] = (
            default.default_needs_fresh_token_callback
        )
        self._user_lookup_error_callback: Callable[..., Any] = (
            default.default_user_lookup_error_callback
        )
        self._token_verification_failed_callback: Callable[..., Any] = (
            default.default_token_verification_failed_callback
        )

    # What goes into tokens.

    def user_identity_loader(self, callback: Callback) -> Callback:
        """Make the text for ``sub`` out of the identity: ``callback(identity) -> str``."""
        self._user_identity_callback = callback
        return callback

    def additional_claims_loader(self, callback: Callback) -> Callback:
        """Add claims to every token: ``callback(identity) -> dict``."""
        self._user_claims_callback = callback
        return callback

    def additional_headers_loader(self, callback: Callback) -> Callback:
        """Add header parameters to every token: ``callback(identity) -> dict``."""
        self._jwt_additional_header_callback = callback
        return callback

    def encode_key_loader(self, callback: Callback) -> Callback:
        """Choose the key that signs: ``callback(identity) -> key``."""
        self._encode_key_callback = callback
        return callback

    # What is asked about a token.

    def decode_key_loader(self, callback: Callback) -> Callback:
        """Choose the key that verifies: ``callback(header, claims) -> key``.

        At that moment nothing is verified yet: anybody may have written the header and the claims.
        Choose among your own keys by ``kid``, and trust nothing else.
        """
        self._decode_key_callback = callback
        return callback

    def token_in_blocklist_loader(self, callback: Callback) -> Callback:
        """Tell whether a token is revoked: ``callback(header, claims) -> bool``."""
        self._token_in_blocklist_callback = callback
        return callback

    def token_verification_loader(self, callback: Callback) -> Callback:
        """Verify claims of your own: ``callback(header, claims) -> bool``."""
        self._token_verification_callback = callback
        return callback

    def user_lookup_loader(self, callback: Callback) -> Callback:
        """Find the user for `current_user`: ``callback(header, claims)``; None if there is none."""
        self._user_lookup_callback = callback
        return callback

    # What is answered when a token is refused.

    def unauthorized_loader(self, callback: Callback) -> Callback:
        """Answer a request without a token: ``callback(reason)``."""
        self._unauthorized_callback = callback
        return callback

    def invalid_token_loader(self, callback: Callback) -> Callback:
        """Answer a token that is no good: ``callback(reason)``."""
        self._invalid_token_callback = callback
        return callback

    def expired_token_loader(self, callback: Callback) -> Callback:
        """Answer a token whose time is over: ``callback(header, claims)``."""
        self._expired_token_callback = callback
        return callback

    def revoked_token_loader(self, callback: Callback) -> Callback:
        """Answer a token that is revoked: ``callback(header, claims)``."""
        self._revoked_token_callback = callback
        return callback

    def needs_fresh_token_loader(self, callback: Callback) -> Callback:
        """Answer a token that is not fresh, but should be: ``callback(header, claims)``."""
        self._needs_fresh_token_callback = callback
        return callback

    def user_lookup_error_loader(self, callback: Callback) -> Callback:
        """Answer a token whose user was not found: ``callback(header, claims)``."""
        self._user_lookup_error_callback = callback
        return callback

    def token_verification_failed_loader(self, callback: Callback) -> Callback:
        """Answer claims that your own verification refused: ``callback(header, claims)``."""
        self._token_verification_failed_callback = callback
        return callback
