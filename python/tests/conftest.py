from __future__ import annotations

import pytest

from countersign import Key, Signer, Verifier
from tests.support import claims, hs256, make_verifier


@pytest.fixture(scope="session")
def key() -> Key:
    return hs256()


@pytest.fixture(scope="session")
def signer(key: Key) -> Signer:
    return Signer(key)


@pytest.fixture(scope="session")
def verifier(key: Key) -> Verifier:
    return make_verifier(key)


@pytest.fixture(scope="session")
def token(signer: Signer) -> str:
    return signer.sign(claims())
