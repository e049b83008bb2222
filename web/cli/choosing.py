"""Which installation a command works on: a service's after a login, or else ours."""

import functools
from collections.abc import Callable
from contextlib import closing
from typing import Any

from web.cli.here import Here, pass_machine
from web.cli.installation.ports import Installation


def chosen(here: Here, *, answer_seconds: float | None = None) -> Installation:
    """Return the installation that is meant. Raises UsageError, SettingsError.

    What speaks HTTP is loaded only where it is needed.
    """
    if here.login is not None:
        from web.cli.installation.remote import RemoteInstallation  # noqa: PLC0415

        return RemoteInstallation(here.login, answer_seconds=answer_seconds)
    from web.cli.installation.local import LocalInstallation  # noqa: PLC0415

    return LocalInstallation(here.flashlog, lambda: here.user_id)


def pass_installation(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the installation that it works on."""

    @pass_machine
    @functools.wraps(command)
    def with_installation(here: Here, /, *args: Any, **given: Any) -> Any:
        with closing(chosen(here)) as installation:
            return command(installation, *args, **given)

    return with_installation
