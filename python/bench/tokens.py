"""Verifies and signs one token with this package and its peers, and prints a line of JSON for each.

Every side gets the same claims, checks the same things (signature, exp, iss, aud), has its key
parsed beforehand as far as it can, and ends with a dict. The sides take turns, so that a busy
machine slows all of them; the figure is the fastest of the rounds, in CPU time.

Needs: pip install pyjwt[crypto] python-jose[cryptography] joserfc authlib
"""

import importlib.util
import json
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from countersign import Countersign, Key, Signer, Verifier

ISSUER = "https://issuer.example"
AUDIENCE = "https://api.example"
NOW = int(time.time())
CLAIMS = {
    "iss": ISSUER,
    "sub": "0190f5a6-7c1e-7bd2-9f3a-4d2c8e5b6a70",
    "aud": AUDIENCE,
    "exp": NOW + 3600,
    "iat": NOW - 10,
    "jti": "0190f5a6-7c1e-7bd2-9f3a-4d2c8e5b6a71",
    "client_id": "first-party",
    "scope": "reports:read reports:write",
}
ROUNDS = 25

Sides = dict[str, tuple[Callable[[str], object], Callable[[], str]]]


def countersign(key: Key) -> Sides:
    """This package's own API."""
    signer = Signer(key)
    verifier = Verifier(
        keys=key, algorithms=[key.algorithm], issuer=ISSUER, audience=AUDIENCE, leeway=0
    )
    verify = verifier.verify
    return {
        "countersign": (lambda token: verify(token).to_dict(), lambda: signer.sign(CLAIMS)),
        "countersign, no dict": (verify, lambda: signer.sign(CLAIMS)),
    }


def peers(key: Key) -> Sides:
    """The libraries that people use now."""
    from authlib.jose import JsonWebToken
    from cryptography.hazmat.primitives.serialization import (
        load_pem_private_key,
        load_pem_public_key,
    )
    from jose import jwk as jose_jwk
    from jose import jwt as jose
    from joserfc import jwt as joserfc
    from joserfc.jwk import ECKey, OctKey

    import jwt

    algorithm = key.algorithm
    algorithms = [algorithm]
    if key.is_symmetric:
        private = public = private_text = public_text = key.to_secret()
        rfc_key = OctKey.import_key(private)
    else:
        private_text, public_text = key.to_pem(private=True), key.to_pem()
        private = load_pem_private_key(private_text.encode(), None)
        public = load_pem_public_key(public_text.encode())
        rfc_key = ECKey.import_key(private_text)

    jose_private = jose_jwk.construct(private_text, algorithm)
    jose_public = jose_jwk.construct(public_text, algorithm)
    registry = joserfc.JWTClaimsRegistry(
        iss={"essential": True, "value": ISSUER},
        aud={"essential": True, "value": AUDIENCE},
        exp={"essential": True},
    )
    authlib = JsonWebToken(algorithms)
    options = {
        "iss": {"essential": True, "value": ISSUER},
        "aud": {"essential": True, "value": AUDIENCE},
        "exp": {"essential": True},
    }
    header = {"alg": algorithm, "typ": "JWT"}

    def verify_joserfc(token: str) -> object:
        claims = joserfc.decode(token, rfc_key, algorithms=algorithms).claims
        registry.validate(claims)
        return claims

    def verify_authlib(token: str) -> object:
        claims = authlib.decode(token, public_text, claims_options=options)
        claims.validate()
        return claims

    return {
        "PyJWT": (
            lambda token: jwt.decode(
                token, public, algorithms=algorithms, issuer=ISSUER, audience=AUDIENCE
            ),
            lambda: jwt.encode(CLAIMS, private, algorithm=algorithm),
        ),
        "python-jose": (
            lambda token: jose.decode(
                token, jose_public, algorithms=algorithms, issuer=ISSUER, audience=AUDIENCE
            ),
            lambda: jose.encode(CLAIMS, jose_private, algorithm=algorithm),
        ),
        "joserfc": (
            verify_joserfc,
            lambda: joserfc.encode(header, CLAIMS, rfc_key, algorithms=algorithms),
        ),
        "authlib": (
            verify_authlib,
            lambda: authlib.encode(header, CLAIMS, private_text).decode(),
        ),
    }


def compat(key: Key) -> Sides:
    """This package under PyJWT's functions, when they are there."""
    if importlib.util.find_spec("countersign.jwt") is None:
        return {}
    try:
        from countersign import jwt
    except ImportError:
        return {}
    algorithm, algorithms = key.algorithm, [key.algorithm]
    private = key.to_secret() if key.is_symmetric else key.to_pem(private=True)
    public = private if key.is_symmetric else key.to_pem()
    if not hasattr(jwt, "decode"):
        return {}
    return {
        "countersign.jwt": (
            lambda token: jwt.decode(
                token, public, algorithms=algorithms, issuer=ISSUER, audience=AUDIENCE
            ),
            lambda: jwt.encode(CLAIMS, private, algorithm=algorithm),
        )
    }


def fastest(calls: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Microseconds a call, the sides taking turns."""
    counts = {}
    for name, call in calls.items():
        call()
        start = time.perf_counter()
        for _ in range(20):
            call()
        counts[name] = max(5, int(20 * 0.01 / max(time.perf_counter() - start, 1e-6)))
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(ROUNDS):
        for name, call in calls.items():
            count = counts[name]
            start = time.thread_time()
            for _ in range(count):
                call()
            best[name] = min(best[name], (time.thread_time() - start) / count * 1e6)
    return best


def report(title: str, best: dict[str, float]) -> None:
    """Prints the figures and how many times slower each side is than this package."""
    ours = best["countersign"]
    for name, micros in sorted(best.items(), key=lambda item: item[1]):
        figure = {"id": f"python/{title}/{name}", "value": micros, "unit": "us"}
        print(json.dumps({**figure, "ratio": micros / ours}), flush=True)
        print(
            f"  {title + ', ' + name:48}{micros:9.2f} us   {micros / ours:7.2f}x", file=sys.stderr
        )


def engine_check(database: Path) -> Callable[[], object]:
    """The engine's check of a token that it remembers."""
    auth = Countersign(
        f"sqlite:///{database}", issuer=ISSUER, audience=AUDIENCE, tokens_algorithm="ES256"
    )
    token = auth.start_session("user-1", scopes=["reports:read"]).access_token
    return lambda: auth.authenticate(token)


def main() -> None:
    """Runs everything."""
    for algorithm in ("HS256", "ES256"):
        key = Key.generate(algorithm)
        token = Signer(key).sign(CLAIMS)
        sides = countersign(key) | compat(key) | peers(key)
        verify = {
            name: (lambda side=side, token=token: side(token)) for name, (side, _) in sides.items()
        }
        sign = {name: side for name, (_, side) in sides.items()}
        del sign["countersign, no dict"]
        with tempfile.TemporaryDirectory() as folder:
            if algorithm == "ES256":
                verify["engine, remembered"] = engine_check(Path(folder) / "bench.db")
            report(f"{algorithm} verify", fastest(verify))
        report(f"{algorithm} sign", fastest(sign))
    versions = {"CPython": platform.python_version()}
    for package in ("PyJWT", "python-jose", "joserfc", "Authlib", "cryptography"):
        versions[package] = version(package)
    for name, text in versions.items():
        print(json.dumps({"name": name, "text": text}))


if __name__ == "__main__":
    main()
