"""JWT authentication done properly once, on a Rust engine.

The engine has the accounts, sessions, tokens, limits and the audit log over one database::

    from countersign import Countersign

    auth = Countersign("sqlite:///auth.db", issuer="https://api.example.com", audience="api")
    auth.register("ada", "correct horse battery staple")
    tokens = auth.login("ada", "correct horse battery staple")
    assert auth.authenticate(tokens.access_token).username == "ada"

``countersign.fastapi`` and ``countersign.flask`` put it into an application,
``countersign.testing`` into its tests.

Tokens alone, in three steps: a :class:`Key` for one algorithm, a :class:`Signer` that turns claims
into a token, a :class:`Verifier` that turns a token into checked claims or raises a
:class:`TokenError`::

    from countersign import Key, Signer, Verifier

    key = Key.generate("ES256")
    token = Signer(key).sign({"iss": "me", "aud": "api", "sub": "user-1", "exp": 1_900_000_000})
    verifier = Verifier(keys=key, algorithms=["ES256"], issuer="me", audience="api")
    assert verifier.verify(token).sub == "user-1"

``countersign.jwt`` has the functions of PyJWT, for code that moves over. The exceptions and their
tree stand in ``countersign.exceptions``.
"""

from collections.abc import Mapping

from countersign._native import (
    ANY,
    AnyType,
    Key,
    KeySet,
    Principal,
    Rates,
    Signer,
    Verified,
    Verifier,
)
from countersign.engine import Countersign
from countersign.exceptions import (
    AccessDeniedError,
    ConfigurationError,
    ConflictError,
    CountersignError,
    ExpiredTokenError,
    ForeignTokenError,
    ImmatureTokenError,
    InsufficientScopeError,
    InvalidClaimError,
    InvalidClientError,
    InvalidCredentialsError,
    InvalidGrantError,
    InvalidHeaderError,
    InvalidRequestError,
    InvalidSignatureError,
    KeyMaterialError,
    KeyNotFoundError,
    MalformedTokenError,
    MissingTokenError,
    NotFoundError,
    NotSerializableError,
    OpenError,
    RateLimitedError,
    ReauthenticationRequiredError,
    RefusedError,
    RevokedTokenError,
    ServerError,
    TokenError,
    UnavailableError,
    UsernameTakenError,
    WeakPasswordError,
)
from countersign.models import (
    Client,
    ClientSecret,
    Event,
    ImportedUser,
    Introspection,
    Origin,
    Page,
    Session,
    SigningKey,
    Standing,
    Subject,
    Tokens,
    User,
    UserDetail,
    UserToImport,
)
from countersign.settings import Settings

__all__ = [
    "ANY",
    "AccessDeniedError",
    "AnyType",
    "Client",
    "ClientSecret",
    "ConfigurationError",
    "ConflictError",
    "Countersign",
    "CountersignError",
    "Event",
    "ExpiredTokenError",
    "ForeignTokenError",
    "ImmatureTokenError",
    "ImportedUser",
    "InsufficientScopeError",
    "Introspection",
    "InvalidClaimError",
    "InvalidClientError",
    "InvalidCredentialsError",
    "InvalidGrantError",
    "InvalidHeaderError",
    "InvalidRequestError",
    "InvalidSignatureError",
    "Key",
    "KeyMaterialError",
    "KeyNotFoundError",
    "KeySet",
    "MalformedTokenError",
    "MissingTokenError",
    "NotFoundError",
    "NotSerializableError",
    "OpenError",
    "Origin",
    "Page",
    "Principal",
    "RateLimitedError",
    "Rates",
    "ReauthenticationRequiredError",
    "RefusedError",
    "RevokedTokenError",
    "ServerError",
    "Session",
    "Settings",
    "Signer",
    "SigningKey",
    "Standing",
    "Subject",
    "TokenError",
    "Tokens",
    "UnavailableError",
    "User",
    "UserDetail",
    "UserToImport",
    "UsernameTakenError",
    "Verified",
    "Verifier",
    "WeakPasswordError",
]

Mapping.register(Verified)
