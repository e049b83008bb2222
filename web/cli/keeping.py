"""Looking after an installation: health, rebuild, backup, restore."""

import click

from application.commands.rebuilding import rebuild_views
from application.queries.health import health_facts
from web.cli import exits, output
from web.cli.here import Here, json_option, pass_here


@click.command()
@click.option("--service", "needs_service", is_flag=True, help="Fail if none runs.")
@json_option
@pass_here
def health(here: Here, *, needs_service: bool, as_json: bool) -> int:
    """Say whether this installation is well; a line for each part.

    Exits 1 where something needs a person.

    \b
    Example:
      flashlog health --service || mail -s flashlog oncall@example.org
    """
    facts = health_facts(here.flashlog, needs_service=needs_service)
    if as_json:
        output.print_json(facts)
    else:
        for fact in facts:
            word = (
                "[green]OK  [/green]" if fact.is_well else "[bold red]LOOK[/bold red]"
            )
            output.console().print(word, f"{fact.name}: {fact.finding}", markup=True)
    return exits.DONE if all(fact.is_well for fact in facts) else exits.FAILED


@click.command()
@json_option
@pass_here
def rebuild(here: Here, *, as_json: bool) -> None:
    """Drop the read models and make them again from the log.

    Nothing is lost by it: the log alone is the truth.

    \b
    Example:
      flashlog rebuild
    """
    position = rebuild_views(here.flashlog)
    if as_json:
        output.print_json({"position": position})
    else:
        output.say(f"read models rebuilt from {position} events")


COMMANDS = (health, rebuild)
