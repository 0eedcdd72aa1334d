"""Adds and changes the application's users, beside the running application or before it.

It changes only the table: a session of whom it disables ends at its next refresh.
"""

import argparse
import getpass
import os
import sys

from users import Users


def main() -> None:
    """Does what the arguments say."""
    parser = argparse.ArgumentParser(description="Add and change users.")
    parser.add_argument("command", choices=["add", "roles", "disable", "enable"])
    parser.add_argument("name")
    parser.add_argument(
        "--role", action="append", default=[], choices=["writer", "admin"], help="may be repeated"
    )
    given = parser.parse_args()
    users = Users(os.environ.get("USERS_DATABASE", "own-users.db"))
    if given.command == "add":
        password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        users.add(given.name, password, given.role)
    elif given.command == "roles":
        users.change(users.named(given.name), roles=given.role)
    else:
        users.change(users.named(given.name), disabled=given.command == "disable")
    print(users.named(given.name))


if __name__ == "__main__":
    main()
