"""Whether a router is the one that was meant.

A router with the OpenWISP agent shows a UUID; one that was enrolled shows the UUID
that was written there; any other is known by a MAC address of the inventory that one
of its interfaces bears.
"""

import re
from typing import Literal
from uuid import UUID

import msgspec

from domain.errors import InvalidError, RefusedError

_MAC_DIGITS = re.compile(r"[0-9a-f]{12}")
_MAC_FORM = re.compile(
    r"[0-9a-f]{2}([:-])[0-9a-f]{2}(\1[0-9a-f]{2}){4}"
    r"|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}"
    r"|[0-9a-f]{12}"
)


class IdentityRefusedError(RefusedError):
    """Another router than the one meant, or one that does not say; both are told."""

    def __init__(self, message: str, *, expected: str, found: str) -> None:
        self.expected = expected
        self.found = found
        super().__init__(f"{message} Expected {expected}, found {found}.")


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What the inventory says of a device. `macs` as `normalise_mac` writes them."""

    device_id: UUID
    agent_uuid: UUID | None = None
    enrolled_uuid: UUID | None = None
    macs: tuple[str, ...] = ()


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a router shows; texts as they came from it, None or "" where missing."""

    agent_uuid: str | None = None
    enrolled_uuid: str | None = None
    macs: tuple[str, ...] = ()


class Verified(msgspec.Struct, frozen=True):
    """The router is the one that was meant, and what proves it."""

    by: Literal["agent-uuid", "enrolled-uuid", "mac"]
    value: str


def judge(
    expected: Expected, found: Found, *, configuration_kept: bool = True
) -> Verified:
    """Tell by what the router is the one expected.

    After a flash that kept no configuration only MAC addresses count: the UUIDs were
    part of the configuration. Raises IdentityRefusedError.
    """
    if not configuration_kept:
        return _judge_macs(expected, found)
    if found.agent_uuid or expected.agent_uuid:
        return _judge_agent(expected, found)
    if expected.enrolled_uuid:
        return _judge_enrolled(expected.enrolled_uuid, found)
    return _judge_macs(expected, found)


def normalise_mac(text: str) -> str:
    """Return a MAC address in lower case with colons.

    Raises InvalidError on `mac_address`.
    """
    lowered = text.strip().lower()
    if not _MAC_FORM.fullmatch(lowered):
        raise InvalidError.of(
            "mac_address",
            "Enter a MAC address of six pairs of hexadecimal digits, "
            "for example 00:11:22:aa:bb:cc.",
        )
    digits = re.sub(r"[:.-]", "", lowered)
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2))


def _judge_agent(expected: Expected, found: Found) -> Verified:
    accepted = {expected.device_id, expected.agent_uuid or expected.device_id}
    wanted = str(expected.agent_uuid or expected.device_id)
    if not found.agent_uuid:
        raise IdentityRefusedError(
            "The router shows no UUID of the OpenWISP agent.",
            expected=wanted,
            found="none",
        )
    if _uuid(found.agent_uuid) not in accepted:
        raise IdentityRefusedError(
            "This is another router: the UUID of its OpenWISP agent differs.",
            expected=wanted,
            found=_shown(found.agent_uuid),
        )
    return Verified("agent-uuid", str(_uuid(found.agent_uuid)))


def _judge_enrolled(enrolled_uuid: UUID, found: Found) -> Verified:
    if not found.enrolled_uuid:
        raise IdentityRefusedError(
            "The device was enrolled, but the router shows no enrolled UUID: "
            "enroll it again if it was reset or replaced.",
            expected=str(enrolled_uuid),
            found="none",
        )
    if _uuid(found.enrolled_uuid) != enrolled_uuid:
        raise IdentityRefusedError(
            "This is another router: its enrolled UUID differs.",
            expected=str(enrolled_uuid),
            found=_shown(found.enrolled_uuid),
        )
    return Verified("enrolled-uuid", str(enrolled_uuid))


def _judge_macs(expected: Expected, found: Found) -> Verified:
    wanted, borne = _usable(expected.macs), _usable(found.macs)
    for mac in wanted:
        if mac in borne:
            return Verified("mac", mac)
    message = (
        "No interface of the router bears a MAC address of the device."
        if wanted
        else "Nothing identifies the device: give it a MAC address, or enroll it."
    )
    raise IdentityRefusedError(
        message,
        expected=" or ".join(wanted) or "a MAC address",
        found=", ".join(borne) or "none",
    )


def _usable(macs: tuple[str, ...]) -> tuple[str, ...]:
    """Return the addresses that can tell two routers apart, normalised, once each."""
    lowered = (re.sub(r"[:.-]", "", mac.strip().lower()) for mac in macs)
    unicast = (
        normalise_mac(mac)
        for mac in lowered
        if _MAC_DIGITS.fullmatch(mac) and int(mac, 16) and not int(mac[:2], 16) & 1
    )
    return tuple(dict.fromkeys(unicast))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text.strip())
    except ValueError:
        return None


def _shown(text: str) -> str:
    printable = "".join(c if c.isprintable() else "?" for c in text.strip())
    return printable[:60] or "none"
