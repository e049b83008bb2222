"""Read-only visits: the first contact with a router is never its upgrade."""

from uuid import UUID, uuid4

import msgspec

from application.errors import StepError
from application.flashlog import Flashlog
from application.ports import Session
from application.procedure import checks, log_ins
from application.procedure.reach import reach
from application.procedure.visit import short
from application.router.facts import RouterFacts
from domain import identity
from domain.catalogue import FirmwareImage
from domain.device.device import Device
from domain.errors import RefusedError
from domain.options import UpgradeOptions


class ImageFit(msgspec.Struct, frozen=True, kw_only=True):
    """Whether an image may go on a router; `reason` is blank when it may."""

    image_id: UUID
    file_name: str
    reason: str = ""
    installed: bool = False
    enough_memory: bool = True


class CheckReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a read-only visit found. `trouble` is blank when all is well."""

    device_id: UUID
    name: str
    address: str = ""
    host_key: str = ""
    host_key_is_new: bool = False
    weak_algorithms: bool = False
    identity: str = ""
    verified_by: str = ""
    facts: RouterFacts | None = None
    images: tuple[ImageFit, ...] = ()
    trouble: str = ""

    @property
    def is_well(self) -> bool:
        return not self.trouble


def check_device(flashlog: Flashlog, device_id: UUID) -> CheckReport:
    """Visit a router without changing it and report what was found.

    Pins the host key and keeps board, release and installed packages where the
    identity is verified, and which log-ins work.
    Raises NotFoundError.
    """
    device = flashlog.log.get(Device, device_id)
    try:
        with reach(flashlog, device) as (session, router):
            facts = router.inspect(directory=flashlog.settings.upload_directory)
            installed = router.packages()
            return _report(flashlog, device, session, facts, installed)
    except StepError as error:
        _note_refused(flashlog, device_id, error)
        return CheckReport(device_id=device_id, name=device.name, trouble=short(error))


def enroll_device(
    flashlog: Flashlog, device_id: UUID, *, by: UUID | None = None
) -> UUID:
    """Write a UUID on the router, by which it is known from now on; returns it.

    The router must first be identified by a MAC address of the inventory. Raises
    RefusedError, StepError and NotFoundError.
    """
    device = flashlog.log.get(Device, device_id)
    with reach(flashlog, device) as (session, router):
        facts = router.inspect(directory=flashlog.settings.upload_directory)
        if facts.agent_uuid:
            msg = (
                f"the router has an OpenWISP agent with the UUID {facts.agent_uuid}: "
                "it is known by that, there is nothing to enroll"
            )
            raise RefusedError(msg)
        expected = msgspec.structs.replace(checks.expected(device), enrolled_uuid=None)
        identity.judge(expected, checks.found(facts))
        uuid = device.enrolled_uuid or uuid4()
        router.enroll(uuid)

        def enroll() -> int:
            device = flashlog.log.get(Device, device_id)
            device.enroll(uuid, by=by)
            checks.learn(device, session, facts)
            return flashlog.log.append(device)

        flashlog.show(flashlog.log.decide(enroll))
    return uuid


def _report(
    flashlog: Flashlog,
    device: Device,
    session: Session,
    facts: RouterFacts,
    installed: tuple[str, ...] | None,
) -> CheckReport:
    report = CheckReport(
        device_id=device.id,
        name=device.name,
        address=session.address,
        host_key=session.host_key.fingerprint,
        host_key_is_new=device.host_key is None,
        weak_algorithms=session.weak_algorithms,
        facts=facts,
        images=_fits(flashlog, device, facts),
    )
    try:
        verified = identity.judge(checks.expected(device), checks.found(facts))
    except RefusedError as error:
        return msgspec.structs.replace(report, trouble=short(error))

    def learn() -> int:
        known = flashlog.log.get(Device, device.id)
        checks.learn(known, session, facts)
        log_ins.note_worked(known, session, at=flashlog.clock.now())
        if installed is not None:
            known.note_packages(installed)
        return flashlog.log.append(known)

    flashlog.show(flashlog.log.decide(learn))
    return msgspec.structs.replace(
        report, identity=verified.value, verified_by=verified.by
    )


def _note_refused(flashlog: Flashlog, device_id: UUID, error: StepError) -> None:
    def note() -> int:
        device = flashlog.log.get(Device, device_id)
        log_ins.note_refused(device, error, at=flashlog.clock.now())
        return flashlog.log.append(device)

    flashlog.show(flashlog.log.decide(note))


def _fits(
    flashlog: Flashlog, device: Device, facts: RouterFacts
) -> tuple[ImageFit, ...]:
    fits = []
    for row in flashlog.views.all("image"):
        image = flashlog.log.get(FirmwareImage, UUID(row["id"])).facts
        needed = image.size_bytes + flashlog.settings.memory_margin_bytes
        fits.append(
            ImageFit(
                image_id=UUID(row["id"]),
                file_name=image.file_name,
                reason=checks.unfit(image, facts, device, UpgradeOptions()) or "",
                installed=checks.runs(facts, image),
                enough_memory=facts.memory.available_bytes >= needed
                and facts.memory.room_bytes >= image.size_bytes,
            )
        )
    return tuple(fits)
