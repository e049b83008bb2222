"""The installation as the command line sees it, opened when it is first needed."""

from functools import cached_property
from uuid import UUID

import click

from application.commands.devices import find_device
from application.commands.organizations import find_organization
from application.commands.users import local_user
from application.flashlog import Flashlog
from application.settings import Settings, load_settings


class Here:
    """The settings, the installation and the person at the keyboard."""

    @cached_property
    def settings(self) -> Settings:
        return load_settings()

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
        if "flashlog" in vars(self):
            self.flashlog.close()


pass_here = click.make_pass_decorator(Here, ensure=True)

device_argument = click.argument("name", metavar="DEVICE")
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
