"""The one user whom the guide's program knows."""

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass

name = os.environ.get("DEMO_USER", "ada")
_password = os.environ.get("DEMO_PASSWORD", "")
if not _password:
    raise RuntimeError("DEMO_PASSWORD is not set: the user needs a password")


@dataclass(frozen=True)
class User:
    """A user, as a database would keep it."""

    username: str
    roles: list[str]
    disabled: bool
    # Raise it when roles are taken away or the password changes: tokens of before are refused.
    generation: int
    salt: bytes
    hashed_password: bytes


# mended: nothing showed how a password is hashed. Neither the password nor the hash is compared
# with `==`, which takes the longer the more of it is right.
def _hash(password: str, salt: bytes) -> bytes:
    text = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(text, salt=salt, n=2**14, r=8, p=5)


_salt = secrets.token_bytes(16)
_users = {name: User(name, ["user"], False, 0, _salt, _hash(_password, _salt))}
_nobody = User("", [], True, 0, _salt, secrets.token_bytes(64))


# mended: `get_user` and `authenticate_user` were called, and nowhere defined.
def get_user(username: str) -> User | None:
    """The user with this name."""
    return _users.get(username)


def authenticate_user(username: str, password: str) -> User | None:
    """The user with this name and password."""
    # A name that nobody has costs as much time as one that somebody has.
    user = get_user(username) or _nobody
    right = hmac.compare_digest(_hash(password, user.salt), user.hashed_password)
    return user if right and not user.disabled else None
