"""`flashlog serve` and `flashlog runner`: the processes that do the work."""

import click

from application.runner import run_runner
from web.cli.here import Here, pass_here


@click.command()
@pass_here
def runner(here: Here) -> None:
    """Visit routers whose work is due, until Ctrl-C.

    `flashlog serve` starts one by itself. More of them beside it share the work; one
    that is killed loses nothing, another goes on from the log.

    \b
    Example:
      flashlog runner
    """
    run_runner(here.settings)


COMMANDS = (runner,)
