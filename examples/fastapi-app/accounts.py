"""Adds an account with roles and scopes, beside the running application or before it.

Whoever registers gets neither. The password is asked for on a terminal, or read from a pipe.
"""

import argparse
import getpass
import sys

from app import auth
from countersign import CountersignError


def main() -> None:
    """Adds the account that the arguments describe."""
    parser = argparse.ArgumentParser(description="Add an account.")
    parser.add_argument("username")
    parser.add_argument("--role", action="append", default=[], help="may be repeated")
    parser.add_argument("--scope", action="append", default=[], help="may be repeated")
    given = parser.parse_args()
    password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    try:
        user = auth.add_user(given.username, password, roles=given.role, scopes=given.scope)
    except CountersignError as refusal:
        sys.exit(refusal.description)
    print(f"added {user.username} ({user.id})")


if __name__ == "__main__":
    main()
