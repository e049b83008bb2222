"""What people type about a device, and what they choose for it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import request

from application.commands.device_checks import check_addresses
from application.errors import InvalidError
from application.queries import choices
from web.api.authentication import asking
from web.api.bodies import as_uuid
from web.api.lookup import own_reference
from web.console.devices.listing import named
from web.console.texts import gettext as _
from web.state import flashlog

_TEXT_LENGTHS = {"model": 64, "os": 128, "notes": 10_000}


def said() -> dict[str, Any]:
    """Return what a form says of a device, as commands name it.

    `addresses` is a tuple. Raises InvalidError naming every wrong field.
    """
    form = request.form
    wrong: dict[str, list[str]] = {}
    for name, most in _TEXT_LENGTHS.items():
        if len(form.get(name, "")) > most:
            wrong[name] = [_("Write at most %(most)s characters.") % {"most": most}]
    addresses = tuple(form.get("address", "").replace(",", " ").split())
    _note(wrong, lambda: check_addresses(addresses))
    chosen: dict[str, UUID | None] = {}
    for field, table in (("group", "device_group"), ("location", "location")):
        chosen[f"{field}_id"] = as_uuid(form.get(field, ""))
        _note(wrong, lambda f=field, t=table: _reference(f, t))
    if wrong:
        raise InvalidError(wrong)
    texts = {name: form.get(name, "").strip() for name in ("name", *_TEXT_LENGTHS)}
    return {
        **texts,
        "mac_address": form.get("mac_address", ""),
        "addresses": addresses,
        **chosen,
    }


def options() -> Mapping[str, Any]:
    """Return what may be chosen in a form about a device."""
    organizations = choices.organizations(flashlog().views, asking())
    return {
        "groups": named("device_group"),
        "locations": named("location"),
        "organizations": [(row["id"], row["name"]) for row in organizations],
    }


def credentials() -> list[tuple[str, str]]:
    """Return the credentials that whoever asks may give to a device."""
    account = asking()
    rows = choices.named(flashlog().views, account, "credentials")
    return [
        (row["id"], row["name"])
        for row in rows
        if row["organization"] is not None or account.is_superuser
    ]


def _reference(field: str, table: str) -> None:
    text = request.form.get(field, "")
    if text:
        own_reference(field, table, as_uuid(text) or UUID(int=0))


def _note(wrong: dict[str, list[str]], check: Any) -> None:
    try:
        check()
    except InvalidError as error:
        wrong |= error.fields
