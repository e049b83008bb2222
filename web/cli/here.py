"""The installation as the command line sees it, opened when it is first needed."""

import functools
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from typing import Any
from uuid import UUID

import click

from application.adapters.storage import Storage
from application.commands.organizations import find_organization
from application.commands.users import local_user
from application.flashlog import Flashlog
from application.queries.finding_devices import find_device
from application.settings import Settings, load_settings
from application.storage import storage_of
from web.cli.remote import login as logins
from web.cli.remote.login import Login

# What is not done from elsewhere by a command is done on the pages of a service.
_PAGES = {"device": "/devices/", "build": "/firmware/"}


class Here:
    """The settings, the installation and the person at the keyboard.

    `is_meant`: this machine's installation, though somebody is logged in elsewhere.
    """

    def __init__(self, *, is_meant: bool = False) -> None:
        self._is_meant = is_meant

    @cached_property
    def login(self) -> Login | None:
        """The service that commands talk to, if it is not this machine's.

        Raises UsageError.
        """
        return None if self._is_meant else logins.current()

    @cached_property
    def settings(self) -> Settings:
        return load_settings()

    @cached_property
    def storage(self) -> Storage:
        """Where everything is; what is asked of it alone is not the installation."""
        return storage_of(self.settings)

    @cached_property
    def flashlog(self) -> Flashlog:
        flashlog = Flashlog(self.settings)
        # Where no service runs, nobody else brings the read models up to the log.
        flashlog.show(flashlog.log.end())
        return flashlog

    @cached_property
    def user_id(self) -> UUID:
        """Who asks: the account of the operating system's user."""
        return local_user(self.flashlog)

    def device(self, text: str) -> UUID:
        return find_device(self.flashlog, text)

    def organization(self, slug: str) -> UUID:
        """Find an organization by its slug. Raises NotFoundError."""
        return find_organization(self.flashlog, slug)

    def close(self) -> None:
        if "storage" in vars(self):
            self.storage.close()
        if "flashlog" in vars(self):
            self.flashlog.close()


# For commands about this very machine: a login elsewhere means nothing to them.
pass_machine = click.make_pass_decorator(Here, ensure=True)


def pass_this_machine(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command this machine's installation, which alone it can be about.

    Who is logged in elsewhere is told which one it was.
    """

    @pass_machine
    @functools.wraps(command)
    def with_machine(here: Here, /, *args: Any, **given: Any) -> Any:
        # A login that cannot be used is nothing to what works here anyway.
        with suppress(click.UsageError):
            if here.login is not None:
                click.echo(
                    f"this is about {here.settings.data_dir} on this machine, not "
                    f"about {here.login.url}",
                    err=True,
                )
        return command(here, *args, **given)

    return with_machine


def pass_here(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command this machine's installation.

    Who is logged in elsewhere must say that it is meant: else things would be done to
    the wrong one. Raises UsageError.
    """

    @pass_machine
    @functools.wraps(command)
    def with_here(here: Here, /, *args: Any, **given: Any) -> Any:
        if here.login is not None:
            path = click.get_current_context().command_path
            words = path.partition(" ")[2]
            pages = _PAGES.get(words.partition(" ")[0])
            also = f", use {here.login.url}{pages}" if pages else ""
            msg = (
                f"`{path}` works on this machine's installation alone, and you are "
                f"logged in at {here.login.url}: run it where that service runs{also}, "
                f"or say `flashlog --here {words} …` if you mean this machine's"
            )
            raise click.UsageError(msg)
        return command(here, *args, **given)

    return with_here


category_option = click.option(
    "--category",
    default="OpenWrt",
    show_default=True,
    help="The kind of firmware; builds are kept under it.",
)
limit_option = click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=50,
    show_default=True,
    help="How many at most.",
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON for programs."
)
