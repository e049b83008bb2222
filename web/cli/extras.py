"""Say what is missing, where a part of Flashlog was not installed."""

import functools
import importlib.util
from collections.abc import Callable
from typing import Any

import click

_MISSING = (
    "simulated routers need asyncssh, which is not installed: "
    "pipx inject flashlog asyncssh, or pip install 'flashlog[simulate]'"
)


def needs_simulation(command: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse a command in one sentence where the extra `simulate` is missing."""

    @functools.wraps(command)
    def checked(*arguments: Any, **options: Any) -> Any:
        if importlib.util.find_spec("asyncssh") is None:
            raise click.ClickException(_MISSING)
        return command(*arguments, **options)

    return checked
