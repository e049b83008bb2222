"""What goes wrong with the routers of a fleet, and how each of them must end."""

from collections.abc import Sequence

import msgspec

from application.simulation import faults
from application.simulation.faults import Fault
from domain.operation.words import Status


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A fault, and the verdict on every router that has it.

    `knows_key`: the inventory knows another host key than the router's.
    `is_flashed`: whether its flash begins.
    """

    name: str
    verdict: Status
    faults: Sequence[Fault] = ()
    knows_key: bool = False
    is_flashed: bool = True


GOOD = Case(name="nothing", verdict=Status.SUCCESS)
CASES = (
    Case(
        name="another uuid",
        verdict=Status.ABORTED,
        faults=[faults.WrongUuid()],
        is_flashed=False,
    ),
    Case(
        name="no uuid",
        verdict=Status.ABORTED,
        faults=[faults.MissingUuid()],
        is_flashed=False,
    ),
    Case(
        name="too little memory",
        verdict=Status.ABORTED,
        faults=[faults.LowMemory(recoverable=False)],
        is_flashed=False,
    ),
    Case(
        name="a full /tmp",
        verdict=Status.ABORTED,
        faults=[faults.FullTmp()],
        is_flashed=False,
    ),
    Case(
        name="a refused image",
        verdict=Status.ABORTED,
        faults=[faults.CorruptImage()],
        is_flashed=False,
    ),
    Case(
        name="another host key",
        verdict=Status.ABORTED,
        knows_key=True,
        is_flashed=False,
    ),
    Case(
        name="services in the way",
        verdict=Status.SUCCESS,
        faults=[faults.LowMemory(recoverable=True)],
    ),
    Case(
        name="a cut link",
        verdict=Status.SUCCESS,
        faults=[faults.CutAtByte(100_000)],
    ),
    Case(
        name="a silent link",
        verdict=Status.SUCCESS,
        faults=[faults.StallAtByte(100_000)],
    ),
    Case(
        name="a hanging flash",
        verdict=Status.SUCCESS,
        faults=[faults.HangAtFlash()],
    ),
    Case(
        name="another address",
        verdict=Status.SUCCESS,
        faults=[faults.BackOnAnotherAddress()],
    ),
    Case(
        name="a refused flash",
        verdict=Status.FAILED,
        faults=[faults.RefuseFlash()],
    ),
    Case(
        name="never back",
        verdict=Status.FAILED,
        faults=[faults.NeverBack()],
    ),
    Case(
        name="old firmware",
        verdict=Status.FAILED,
        faults=[faults.BackWithOldFirmware()],
    ),
    Case(
        name="other firmware",
        verdict=Status.FAILED,
        faults=[faults.BackWithOtherFirmware()],
    ),
    Case(
        name="another router after the flash",
        verdict=Status.FAILED,
        faults=[faults.WrongUuid(after_flash=True)],
    ),
)
