"""What can go wrong with a simulated router; give it to one, or `inject` it later."""

import msgspec


class Fault(msgspec.Struct, frozen=True):
    """Something that goes wrong with one router."""


class WrongUuid(Fault, frozen=True):
    """The OpenWISP agent names another UUID: at once, or only once it was flashed."""

    uuid: str = "00000000-dead-4bad-8bad-000000000000"
    after_flash: bool = False


class MissingUuid(Fault, frozen=True):
    """The agent has no UUID."""


class LowMemory(Fault, frozen=True):
    """Too little memory for any image; enough when services stop, or never.

    `available_kb` is what is available with every service running; the services hold
    `held_by_services_kb` together, in equal parts, where it is recoverable.
    """

    recoverable: bool = True
    available_kb: int = 3000
    held_by_services_kb: int = 36000


class CorruptImage(Fault, frozen=True):
    """The router's own image test refuses every image."""


class CutAtByte(Fault, frozen=True):
    """Every connection is cut, once, when `count` more bytes have come into /tmp."""

    count: int


class StallAtByte(Fault, frozen=True):
    """Like a cut, but the connections go silent and stay open. New ones work."""

    count: int


class HangAtFlash(Fault, frozen=True):
    """The flash goes on, but no connection of before it ever hears of its end."""


class RefuseFlash(Fault, frozen=True):
    """procd refuses the flash although the image test passed."""

    exit_status: int = 248


class NeverBack(Fault, frozen=True):
    """The router is flashed and never answers again."""


class BackOnAnotherAddress(Fault, frozen=True):
    """After the flash the router answers at `other_host` and no longer at `host`."""


class BackWithOldFirmware(Fault, frozen=True):
    """The router is flashed and reboots into what it ran before."""


class BackWithOtherFirmware(Fault, frozen=True):
    """The router comes back with firmware that is neither old nor the image's."""

    release: str = "23.05.0"
    revision: str = "r23497-6637af95aa"


class ChangedHostKey(Fault, frozen=True):
    """The router shows a new host key: at once, or only once it was flashed."""

    after_flash: bool = False


class FullTmp(Fault, frozen=True):
    """All but `room_kb` of /tmp is full; memory is not touched by it."""

    room_kb: int = 64
