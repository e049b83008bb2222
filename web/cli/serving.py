"""`flashlog serve`, `web` and `runner`: the processes that do the work."""

import click

from application.observing.tracing import begin_tracing
from application.runner import run_runner
from web.cli.here import Here, pass_machine
from web.logs import begin_logging
from web.serve import serve as serve_all
from web.serve import serve_web

_BIND = click.option(
    "--bind",
    metavar="HOST:PORT",
    help="Where to listen [default: FLASHLOG_BIND, 127.0.0.1:8000].",
)
_BEHIND_PROXY = click.option(
    "--behind-proxy",
    is_flag=True,
    help="A reverse proxy with TLS stands in front; allows other addresses.",
)


@click.command()
@_BIND
@_BEHIND_PROXY
@pass_machine
def serve(here: Here, *, bind: str | None, behind_proxy: bool) -> None:
    """Run web, runner and projector together, in the foreground.

    Prints one line, `ready http://…`, when all parts answer. A part that dies is
    started again. Ctrl-C stops all of them; upgrades in flight are handed over, not
    lost: the next start goes on with them.

    \b
    Example:
      flashlog serve --bind 127.0.0.1:8000
    """
    serve_all(here.settings, bind=bind, behind_proxy=behind_proxy)


@click.command()
@_BIND
@_BEHIND_PROXY
@pass_machine
def web(here: Here, *, bind: str | None, behind_proxy: bool) -> None:
    """Serve REST, console and feed; others visit routers.

    For an installation on several machines, with FLASHLOG_DATABASE_URL: any number of
    them, and of `flashlog runner`. Each also keeps the read models up when no other
    one does.

    \b
    Example:
      flashlog web --bind 127.0.0.1:8001
    """
    serve_web(here.settings, bind=bind, behind_proxy=behind_proxy)


@click.command()
@pass_machine
def runner(here: Here) -> None:
    """Visit routers whose work is due, until Ctrl-C.

    `flashlog serve` starts one by itself. More of them beside it share the work; one
    that is killed loses nothing, another goes on from the log. Where no service runs,
    it needs none.

    \b
    Example:
      flashlog runner
    """
    begin_logging(here.settings)
    begin_tracing("runner")
    run_runner(here.settings, projects_too=True)


COMMANDS = (serve, web, runner)
