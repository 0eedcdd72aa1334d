"""``flask countersign routes``."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from countersign.flask._cli.output import joined, json_option, print_json, print_table
from countersign.flask._installed import installed


@click.command("routes")
@json_option
@with_appcontext
def routes(as_json: bool) -> None:
    """List Countersign's routes as clients see them."""
    paths = installed().routes.paths
    if as_json:
        print_json([{"path": path, "methods": sorted(methods)} for path, methods in paths])
    else:
        rows = [(path, joined(methods)) for path, methods in paths]
        print_table(("PATH", "METHODS"), rows, "there are no routes")
