"""What may be permitted: four verbs on each kind of thing, numbered for good."""

from collections.abc import Iterable, Mapping

import msgspec

VERBS = ("add", "change", "delete", "view")

# Numbers follow from the order: a new kind of thing goes to the end.
_NAMES = {
    "category": "Firmware Category",
    "build": "Firmware Build",
    "firmwareimage": "Firmware Image",
    "devicefirmware": "Device Firmware",
    "batchupgradeoperation": "Mass Upgrade Operation",
    "upgradeoperation": "Upgrade Operation",
    "device": "Device",
    "devicegroup": "Device Group",
    "location": "Location",
    "devicelocation": "Device Location",
    "credentials": "Credentials",
    "deviceconnection": "Device Connection",
    "organization": "Organization",
    "user": "User",
    "group": "Group",
}


class Permission(msgspec.Struct, frozen=True, kw_only=True):
    """One verb on one kind of thing; `name` is like `change_device`."""

    number: int
    model: str
    verb: str

    @property
    def name(self) -> str:
        return f"{self.verb}_{self.model}"

    @property
    def text(self) -> str:
        return f"{self.number}: {self.model} | Can {self.verb} {_NAMES[self.model]}"


PERMISSIONS: Mapping[str, Permission] = {
    f"{verb}_{model}": Permission(number=number, model=model, verb=verb)
    for number, (model, verb) in enumerate(
        ((model, verb) for model in _NAMES for verb in VERBS), start=1
    )
}
BY_NUMBER: Mapping[int, Permission] = {
    each.number: each for each in PERMISSIONS.values()
}


def all_of(*models: str) -> frozenset[str]:
    """Return the names of all that may be permitted on these."""
    return frozenset(f"{verb}_{model}" for model in models for verb in VERBS)


def view_of(*models: str) -> frozenset[str]:
    return frozenset(f"view_{model}" for model in models)


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Return names in the order of their numbers, each once."""
    wanted = set(names)
    return tuple(name for name in PERMISSIONS if name in wanted)
