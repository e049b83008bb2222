"""The settings as the documentation shows them."""

from typing import get_args, get_type_hints

import msgspec

from application.settings import PREFIX, Settings


class SettingFact(msgspec.Struct, frozen=True):
    """One row of the settings page."""

    variable: str
    default: str
    meaning: str


def setting_facts() -> list[SettingFact]:
    """Every setting as the documentation shows it."""
    defaults = {field.name: field.default for field in msgspec.structs.fields(Settings)}
    facts = []
    for name, kind in get_type_hints(Settings, include_extras=True).items():
        default = defaults[name]
        shown = "" if default is msgspec.NODEFAULT else str(default)
        facts.append(SettingFact(PREFIX + name.upper(), shown, get_args(kind)[1]))
    return facts
