"""`flashlog audit key` and `new-key`: whose signature checkpoints have."""

import click

from application.rekeying import change_key
from web.cli import output
from web.cli.here import Here, json_option, pass_here


@click.command()
@json_option
@pass_here
def key(here: Here, *, as_json: bool) -> None:
    """Print the public key with which checkpoints are verified.

    \b
    Example:
      flashlog audit key > flashlog.vkey
    """
    _print(here.flashlog.audit.vkey, as_json=as_json)


@click.command("new-key")
@json_option
@pass_here
def new_key(here: Here, *, as_json: bool) -> None:
    """Sign with a new key from now on, and print its public part.

    While no service runs. The last checkpoint of the old key is signed with both, so
    who has the old public key can tell that the new one is yours. Give the new one to
    all who verify, and to witnesses; they need the old one, too, for what it signed.

    \b
    Example:
      flashlog audit new-key > flashlog-2.vkey
    """
    _print(change_key(here.flashlog).text, as_json=as_json)


def _print(vkey: str, *, as_json: bool) -> None:
    if as_json:
        output.print_json({"key": vkey})
    else:
        click.echo(vkey)
