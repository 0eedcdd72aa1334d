"""``flask countersign``: the engine's commands, for the application that Flask has loaded.

Exit codes are 0, 1 where the input must be changed, and 2 where the machine or the program failed.
"""

from countersign.flask._cli.events import events
from countersign.flask._cli.exit_codes import Commands
from countersign.flask._cli.keys import keys
from countersign.flask._cli.routes import routes
from countersign.flask._cli.sessions import sessions
from countersign.flask._cli.users import users

__all__ = ["commands"]

commands = Commands("countersign", help="Users, sessions, keys, events and routes of Countersign.")
for command in (users, sessions, keys, events, routes):
    commands.add_command(command)
