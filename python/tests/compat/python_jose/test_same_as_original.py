"""The same calls give the same results as python-jose, where that is installed.

Tables of tokens, keys and arguments are gone through in all combinations. Where the two differ, the
difference must be one of those listed, each with its reason; and each of those must occur.
"""

from __future__ import annotations

import importlib
import json
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import freezegun
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from countersign.compat import python_jose
from countersign.compat.python_jose import jwk, jws, jwt

from .conftest import Pair
from .forging import SECRET, forge

jose = pytest.importorskip("jose", reason="python-jose is compared with if it is installed")
if not jose.__version__.startswith("3.5."):
    pytest.skip("python-jose is not 3.5", allow_module_level=True)

their_jwk = importlib.import_module("jose.jwk")
their_jws = importlib.import_module("jose.jws")
their_jwt = importlib.import_module("jose.jwt")

NOW = 1_900_000_000


class Outcome(NamedTuple):
    """What a call returned, or the class and the message of what it raised."""

    kind: str
    value: str

    @property
    def accepted(self) -> bool:
        return self.kind == "returned"


def outcome(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Outcome:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return Outcome("returned", repr(function(*args, **kwargs)))
        except Exception as error:
            return Outcome(type(error).__name__, str(error))


class Case(NamedTuple):
    """A call of `decode`: the names of its parts, for the reasons below."""

    token: str
    key: str
    arguments: str


Reason = Callable[[Case, Outcome, Outcome], bool]


def compare(cases: Iterator[tuple[Case, Outcome, Outcome]], reasons: dict[str, Reason]) -> None:
    """Fail on a difference without a reason, and on a reason without a difference."""
    unexplained, used = [], set()
    for case, theirs, ours in cases:
        if theirs == ours:
            continue
        found = [name for name, explains in reasons.items() if explains(case, theirs, ours)]
        used.update(found)
        if not found:
            unexplained.append((case, theirs, ours))
    assert unexplained == []
    assert used == set(reasons)


# Claims: every token is well signed.

CLAIMS: dict[str, Any] = {
    "none": {},
    "all": {"iss": "me", "sub": "user-1", "aud": "api", "exp": NOW + 100, "nbf": NOW - 100,
            "iat": NOW - 100, "jti": "j-1"},
    **{f"{claim} {name}": {claim: value}
       for claim in ("exp", "nbf", "iat")
       for name, value in {
           "later": NOW + 100, "earlier": NOW - 100, "now": NOW, "text": "x", "empty": "",
           "number in text": str(NOW + 100), "null": None, "list": [], "dict": {}, "true": True,
           "float": NOW + 0.5, "infinite": float("inf"), "not a number": float("nan"),
           "huge": 10**30, "negative": -1,
       }.items()},
    **{f"{claim} {name}": {claim: value}
       for claim in ("iss", "sub", "aud", "jti", "at_hash")
       for name, value in {
           "right": {"iss": "me", "sub": "user-1", "aud": "api", "jti": "j", "at_hash":
                     "PEaenWxYddN6Q_NT1PiOYQ"}[claim],
           "wrong": "x", "empty": "", "null": None, "number": 1, "list": ["api", "me"],
           "list of numbers": [1], "empty list": [], "dict": {"api": 1}, "true": True,
       }.items()},
}  # fmt: skip

ARGUMENTS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "audience": {"audience": "api"},
    "another audience": {"audience": "x"},
    "empty audience": {"audience": ""},
    "audience of a wrong type": {"audience": 1},
    "list as audience": {"audience": ["web", "api"]},
    "issuer": {"issuer": "me"},
    "list as issuer": {"issuer": ["you", "me"]},
    "set as issuer": {"issuer": {"you", "me"}},
    "subject": {"subject": "user-1"},
    "access token": {"access_token": "token"},
    "another access token": {"access_token": "other"},
    "number as access token": {"access_token": 1},
    "leeway": {"options": {"leeway": 100}},
    "negative leeway": {"options": {"leeway": -50}},
    "nothing verified": {"options": {f"verify_{name}": False for name in (
        "aud", "iat", "exp", "nbf", "iss", "sub", "jti", "at_hash")}},
    "all required": {"audience": "api", "options": {f"require_{name}": True for name in (
        "aud", "iat", "exp", "nbf", "iss", "sub", "jti")}},
    "required although not verified": {"options": {"require_exp": True, "verify_exp": False}},
    "signature not verified": {"options": {"verify_signature": False}},
}  # fmt: skip

BROKEN = {"TypeError", "AttributeError", "OverflowError", "KeyError", "RecursionError"}

CLAIM_REASONS: dict[str, Reason] = {
    "a claim or an argument of a wrong type is a JWTError, and no error of Python's": (
        lambda case, theirs, ours: theirs.kind in BROKEN and ours.kind.startswith("JWT")
    ),
    "a token without aud is not for the audience": (
        lambda case, theirs, ours: (
            "audience" in ARGUMENTS[case.arguments] and "aud" not in CLAIMS[case.token]
            and ours == Outcome("JWTClaimsError", "Invalid audience")
        )
    ),
    "a token without sub is not about the subject": (
        lambda case, theirs, ours: (
            "subject" in ARGUMENTS[case.arguments] and "sub" not in CLAIMS[case.token]
            and ours == Outcome("JWTClaimsError", "Invalid subject")
        )
    ),
    "a token has expired at the second of its exp (RFC 7519 section 4.1.4)": (
        lambda case, theirs, ours: (
            ours == Outcome("ExpiredSignatureError", "Signature has expired.")
            and case.token in ("exp now", "exp float", "exp earlier")
        )
    ),
    "the audience may be a list": (
        lambda case, theirs, ours: (
            case.arguments == "list as audience"
            and theirs == Outcome("JWTError", "audience must be a string or None")
        )
    ),
}  # fmt: skip


def test_claims_and_arguments() -> None:
    def cases() -> Iterator[tuple[Case, Outcome, Outcome]]:
        for token_name, claims in CLAIMS.items():
            token = forge(claims)
            for arguments_name, given in ARGUMENTS.items():
                case = Case(token_name, "secret", arguments_name)
                theirs, ours = (
                    outcome(module.decode, token, SECRET, ["HS256"], **given)
                    for module in (their_jwt, jwt)
                )
                yield case, theirs, ours

    with freezegun.freeze_time("2030-03-17 17:46:40"):
        assert time.time() == NOW
        compare(cases(), CLAIM_REASONS)


# Keys and algorithms: the claims are good.

ALGORITHM_LISTS: dict[str, Any] = {
    "none given": None,
    "empty": [],
    "text": "RS256",
    "one": ["HS256"],
    "tuple": ("ES256",),
    "many": ["HS256", "HS512", "RS256", "RS384", "ES256"],
}


def keys(own: Pair, other: Pair, curve: Pair) -> dict[str, Any]:
    return {
        "secret": SECRET,
        "secret as bytes": SECRET.encode(),
        "another secret": "another secret of more than thirty-two bytes",
        "empty": "",
        "nothing": None,
        "number": 1,
        "secret in a list": ["x", SECRET],
        "secret in a set": {"keys": ["x", SECRET]},
        "secret as jwk": {"kty": "oct", "k": "YSBzZWNyZXQgb2YgbW9yZSB0aGFuIHRoaXJ0eS10d28gYnl0ZXM"},
        "secret by kid": {"a": SECRET},
        "pem": own.public_pem(),
        "pem of another": other.public_pem(),
        "private pem": own.private_pem(),
        "der": own.public_bytes(Encoding.DER),
        "ssh": own.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode(),
        "ec pem": curve.public_pem(),
        "object": own.public,
        "jwk": own.jwk(),
        "jwk without alg": {name: value for name, value in own.jwk().items() if name != "alg"},
        "jwk without kty": {name: own.jwk()[name] for name in ("n", "e")},
        "jwk for encryption": own.jwk(use="enc"),
        "jwk as text": json.dumps(own.jwk()),
        "ec jwk": curve.jwk(),
        "jwk set": {"keys": [other.jwk(kid="b"), curve.jwk(kid="c"), own.jwk(kid="a")]},
        "empty set": {"keys": []},
        "kid to pem": {"b": other.public_pem(), "a": own.public_pem()},
        "empty dict": {},
        "list": [curve.public_pem(), other.public_pem(), own.public_pem()],
    }


def tokens(own: Pair, curve: Pair) -> dict[str, str]:
    public: dict[str, str | bytes] = {
        "pem": own.public_pem(),
        "der": own.public_bytes(Encoding.DER),
        "ssh": own.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
        "jwk": json.dumps(own.jwk()),
        "e": "AQAB",
    }
    headers = {"kid": "a"}
    return {
        "HS256": jwt.encode({"sub": "1"}, SECRET),
        "HS512": forge({"sub": "1"}, algorithm="HS512"),
        "RS256": jwt.encode({"sub": "1"}, own.private_pem(), "RS256", headers=headers),
        "RS384": jwt.encode({"sub": "1"}, own.private_pem(), "RS384"),
        "ES256": jwt.encode({"sub": "1"}, curve.private_pem(), "ES256"),
        "none": forge({"sub": "1"}, header={"alg": "none"}).rpartition(".")[0] + ".",
        "unknown": forge({"sub": "1"}, header={"alg": "XX"}),
        "no alg": forge({"sub": "1"}, header={"typ": "JWT"}),
        "list as alg": forge({"sub": "1"}, header={"alg": ["HS256"]}),
        "list as header": forge({"sub": "1"}, header=["alg"]),
        "number as kid": forge({"sub": "1"}, header={"alg": "HS256", "kid": 1}),
        "crit": forge({"sub": "1"}, header={"alg": "HS256", "crit": ["exp"], "exp": 1}),
        "no header": forge({"sub": "1"}, header=b"x"),
        "cut": jwt.encode({"sub": "1"}, SECRET)[:-2],
        "changed": jwt.encode({"sub": "1"}, SECRET)[:-4] + "AAAA",
        "garbage": jwt.encode({"sub": "1"}, SECRET) + "!!!!",
        "two segments": "a.b",
        "empty": "",
        "list as claims": forge([1]),
        "no claims": forge(b"{"),
        **{f"forged with {name}": forge({"sub": "1"}, key) for name, key in public.items()},
    }


def is_jwt_error(one: Outcome) -> bool:
    return one.kind in ("JWTError", "UnusableKeyError")


KEY_REASONS: dict[str, Reason] = {
    "a key that does not fit the token is a JWTError, too": (
        lambda case, theirs, ours: (
            theirs.kind in {"JWKError"} | BROKEN and is_jwt_error(ours)
        )
    ),
    "a public key is no secret, in whatever form (CVE-2024-33663 and what it left)": (
        lambda case, theirs, ours: (
            case.token.startswith("forged with") and theirs.accepted
            and ours.kind == "UnusableKeyError"
        )
    ),
    "the values of a dict that is no JWK are no secrets": (
        lambda case, theirs, ours: (
            case.key in ("secret by kid", "jwk without kty")
            and ours.kind == "UnusableKeyError" and "mapping of kid" in ours.value
        )
    ),
    "a JWK is for the algorithm and the use that it names": (
        lambda case, theirs, ours: (
            "jwk" in case.key and ours.kind == "UnusableKeyError"
            and ("The key is for" in ours.value or "not for signatures" in ours.value)
        )
    ),
    "a key of no use for the algorithm does not end the search among others": (
        lambda case, theirs, ours: (
            case.key in ("jwk set", "list") and theirs.kind == "JWKError" and ours.accepted
        )
    ),
    "an empty secret is none": (
        lambda case, theirs, ours: case.key == "empty" and ours.kind == "UnusableKeyError"
    ),
    "crit must be understood, kid must be text (RFC 7515)": (
        lambda case, theirs, ours: case.token in ("crit", "number as kid") and is_jwt_error(ours)
    ),
    "base64 has no other characters, and one spelling": (
        lambda case, theirs, ours: case.token in ("garbage", "cut") and is_jwt_error(ours)
    ),
    "a key of another kind is named, instead of a wrong signature": (
        lambda case, theirs, ours: (
            theirs == Outcome("JWTError", "Signature verification failed.")
            and ours.kind == "UnusableKeyError"
        )
    ),
    "a public key may be in SSH form": (
        lambda case, theirs, ours: (
            case.key == "ssh" and theirs.kind == "JWKError" and ours.accepted
        )
    ),
    "an algorithm that nobody knows is refused without a look at the keys": (
        lambda case, theirs, ours: (
            case.token in ("none", "unknown", "list as alg")
            and ours == Outcome("JWTError", "The specified alg value is not allowed")
        )
    ),
    "a mapping without keys holds none": (
        lambda case, theirs, ours: case.key == "empty dict" and is_jwt_error(ours)
    ),
}  # fmt: skip


def test_keys_and_algorithms(rsa_pair: Pair, other_rsa_pair: Pair, ec_pair: Pair) -> None:
    all_keys = keys(rsa_pair, other_rsa_pair, ec_pair)

    def cases() -> Iterator[tuple[Case, Outcome, Outcome]]:
        for token_name, token in tokens(rsa_pair, ec_pair).items():
            for key_name, key in all_keys.items():
                for list_name, algorithms in ALGORITHM_LISTS.items():
                    theirs, ours = (
                        outcome(module.decode, token, key, algorithms)
                        for module in (their_jwt, jwt)
                    )
                    yield Case(token_name, key_name, list_name), theirs, ours

    compare(cases(), KEY_REASONS)


def test_nothing_is_accepted_that_the_original_refuses(
    rsa_pair: Pair, other_rsa_pair: Pair, ec_pair: Pair
) -> None:
    """But for lists in which another key broke the search, and for keys in SSH form."""
    all_keys = keys(rsa_pair, other_rsa_pair, ec_pair)
    for token in tokens(rsa_pair, ec_pair).values():
        for name, key in all_keys.items():
            for algorithms in ALGORITHM_LISTS.values():
                ours = outcome(jwt.decode, token, key, algorithms)
                if ours.accepted and name not in ("jwk set", "list", "ssh"):
                    assert outcome(their_jwt.decode, token, key, algorithms) == ours


def test_tokens_are_written_alike(rsa_pair: Pair) -> None:
    for claims in ({}, {"a": 1, "é": ["☃", None, 1.5]}, {"exp": NOW}):
        for headers in (None, {"kid": "a", "x": [1]}, {"typ": None}):
            for key, algorithm in (
                (SECRET, "HS256"),
                (SECRET * 2, "HS512"),
                (rsa_pair.private_pem(), "RS256"),
                (rsa_pair.jwk(private=True), "RS384"),
            ):
                written = [
                    module.encode(dict(claims), key, algorithm, headers, access_token="t")
                    for module in (their_jwt, jwt)
                ]
                assert written[1] == written[0]


@pytest.mark.parametrize("algorithm", ["none", "dir", "XX", "", None, "HS257"])
def test_algorithms_that_do_not_sign(algorithm: Any) -> None:
    theirs, ours = (outcome(module.encode, {}, SECRET, algorithm) for module in (their_jwt, jwt))
    assert theirs.kind == "JWSError"
    # Which is a JWSError; of encryption it is said that nothing here does it.
    assert (
        ours.kind == "JWSError"
        if algorithm == "dir"
        else ours == theirs._replace(kind="JWSAlgorithmError")
    )


def test_keys_are_written_alike(rsa_pair: Pair, ec_pair: Pair) -> None:
    for data, algorithm in (
        (rsa_pair.public_pem(), "RS256"),
        (rsa_pair.private_pem(), "RS512"),
        (ec_pair.public_pem(), "ES256"),
        (ec_pair.private_pem(), "ES256"),
        (SECRET, "HS256"),
    ):
        theirs, ours = their_jwk.construct(data, algorithm), jwk.construct(data, algorithm)
        assert ours.to_dict() == theirs.to_dict()
        if algorithm != "HS256":
            assert ours.to_pem() == theirs.to_pem()
            assert ours.public_key().to_pem() == theirs.public_key().to_pem()


UNVERIFIED = ["get_unverified_claims", "get_unverified_header", "get_unverified_headers"]


def test_unverified_parts(rsa_pair: Pair, ec_pair: Pair) -> None:
    strict = {"garbage", "number as kid", "crit", "cut"}
    for name, token in tokens(rsa_pair, ec_pair).items():
        for function in UNVERIFIED:
            theirs, ours = (
                outcome(getattr(module, function), token) for module in (their_jwt, jwt)
            )
            assert ours == theirs or (name in strict and ours.kind == "JWTError"), name
            theirs, ours = (
                outcome(getattr(module, function), token) for module in (their_jws, jws)
            )
            assert ours.kind == theirs.kind or (name in strict and ours.kind == "JWSError"), name


def test_the_version_is_that_of_the_interface() -> None:
    assert python_jose.__version__.startswith("3.5.")
