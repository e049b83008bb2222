"""What the forms of a mass upgrade ask for, read as the interface reads it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from flask import request

from application.commands.batches import Wish, dangers
from application.errors import InvalidError
from application.projections.views import Row
from web.api.bodies import as_uuid, load_from
from web.api.firmware_upgrader.mass_upgrade import StartBody, wish_of
from web.api.lookup import visible
from web.console.texts import gettext as _

LIMITS = ("uploads_max", "uploads_per_location_max", "reboots_max", "failures_max")
# Names of parameters that do not belong to what is asked for.
_OTHERS = {"page", "rows", "reason", "organization"}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A build and whom it is for. `dangers` is what a person must confirm."""

    build: Row
    wish: Wish
    dangers: Sequence[str]
    fields: Sequence[tuple[str, str]]

    @property
    def build_id(self) -> UUID:
        return UUID(self.build["id"])


def asked() -> Asked:
    """Read the query of the request. Raises InvalidError, AnswerError (404)."""
    build_id = as_uuid(request.args.get("build", ""))
    if build_id is None:
        raise InvalidError.of("build", _("Choose a build."))
    build = visible("build", build_id)
    wish = _wish(_said())
    fields = [
        (name, value)
        for name, value in request.args.items(multi=True)
        if value and name not in _OTHERS
    ]
    return Asked(build=build, wish=wish, dangers=dangers(wish.options), fields=fields)


def _wish(said: dict[str, Any]) -> Wish:
    """Return what is asked for. Raises InvalidError naming all that is wrong."""
    wrong: dict[str, list[str]] = {}
    for check in (
        lambda: dangers(said["upgrade_options"]),
        lambda: load_from(StartBody, said),
    ):
        try:
            check()
        except InvalidError as error:
            wrong |= error.fields
    if wrong:
        raise InvalidError(wrong)
    return wish_of(load_from(StartBody, said))


def _said() -> dict[str, Any]:
    """Return what the form says, as a client of the interface would say it."""
    args = request.args
    packages = args.get("packages", "").replace(",", " ").split()
    said = {name: args[name] for name in ("group", "location") if args.get(name)}
    limits = {name: args[name] for name in LIMITS if args.get(name, "").strip()}
    return {
        **said,
        **limits,
        "upgrade_all": "upgrade_all" in args,
        "upgrade_options": dict.fromkeys(args.getlist("option"), True),
        "expendable_packages": [*packages, *args.getlist("expendable")],
    }
