"""`flashlog vault`: the key that passwords, private keys and people are sealed with."""

import click

from application.rekeying import change_vault_key
from web.cli import output
from web.cli.here import Here, json_option, pass_here


@click.group()
def vault() -> None:
    """Look after secrets, configurations and names of people."""


@vault.command("rotate-key")
@json_option
@pass_here
def rotate_key(here: Here, *, as_json: bool) -> None:
    """Seal all that is in the vault with a new key.

    For when the key may have been seen; also while the service runs. All records
    change at once or none does, so being killed at any moment loses nothing;
    meanwhile there must be room for the vault a second time. Backups made before have
    the old key in them and are opened with that: make a new one, and destroy those
    that may have been seen. What was read with the old key is known to who read it:
    change those passwords, too.

    On PostgreSQL every machine has the key in its data directory: stop the others,
    run this on one, and copy its vault.key to them.

    \b
    Example:
      flashlog vault rotate-key && flashlog backup /mnt/safe/flashlog.backup
    """
    count = change_vault_key(here.flashlog)
    if as_json:
        output.print_json({"records": count})
    else:
        output.say(f"{count} records are sealed with a new key")
        output.say("backups made before are opened with the key that is in them")


COMMANDS = (vault,)
