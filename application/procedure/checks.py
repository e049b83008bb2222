"""Whether it is the right router and image, and whether there is anything to do."""

from application.errors import RefusedStepError
from application.ports import Session
from application.procedure import log_ins
from application.procedure.reach import pinned
from application.procedure.visit import Visit
from application.router.facts import RouterFacts
from application.router.router import Router
from domain import compatibility, identity
from domain.catalogue import FirmwareImage, ImageAdded
from domain.device.device import Device
from domain.device.events import FirmwareInstalled
from domain.device.words import Learned
from domain.errors import RefusedError
from domain.operation import events
from domain.operation.operation import UpgradeOperation
from domain.operation.words import SettledBy
from domain.options import UpgradeOptions
from domain.release import Release


def identify(visit: Visit, session: Session, router: Router) -> RouterFacts:
    """Look, judge, and record all facts of this one round trip in one append.

    Raises RefusedStepError or RefusedError for a router that must not be touched.
    """
    facts = router.inspect(directory=visit.settings.upload_directory, path=visit.path)
    connected = _connected(session)
    now = visit.now()

    def note_log_ins(device: Device) -> None:
        log_ins.note_worked(device, session, at=now)

    def keep(device: Device) -> None:
        learn(device, session, facts)
        note_log_ins(device)

    try:
        verified = identity.judge(expected(visit.device), found(facts))
        _judge(visit, facts)
    except (RefusedError, RefusedStepError):
        visit.write(lambda operation: operation.note(connected), also=note_log_ins)
        raise
    learned = (
        connected,
        _identity_verified(facts, verified),
        _compared(visit, facts),
    )

    def decide(operation: UpgradeOperation) -> None:
        _settle_what_is_settled(operation, facts)
        operation.note(*learned)

    visit.write(decide, also=keep)
    return facts


def is_installed(visit: Visit, facts: RouterFacts) -> bool:
    return runs(facts, image_of(visit).facts)


def runs(facts: RouterFacts, image: ImageAdded) -> bool:
    """Whether marker and, where the image names one, revision are equal."""
    marker_is_equal = facts.marker == image.sha256
    return marker_is_equal and image.revision in {"", facts.revision}


def test_image(visit: Visit, router: Router, facts: RouterFacts) -> None:
    """Let the router itself judge the image, with the options of the real run."""
    verdict = router.test_image(
        visit.fence(), path=visit.path, flags=flags(visit, facts)
    )
    output = "\n".join(verdict.output)[-2000:]
    if not verdict.accepted:
        msg = f"the router's own image test refused the image: {output}"
        raise RefusedStepError(msg)
    accepted = events.ImageAccepted(output=output, verdict=verdict.structured or "")
    visit.write(lambda operation: operation.note(accepted))


def flags(visit: Visit, facts: RouterFacts) -> tuple[str, ...]:
    """Return the options as the router's release of sysupgrade takes them."""
    return options_of(visit).flags(Release.parse(facts.release, facts.revision))


def options_of(visit: Visit) -> UpgradeOptions:
    return UpgradeOptions.parse(visit.operation.options)


def image_of(visit: Visit) -> FirmwareImage:
    return visit.image


def expected(device: Device) -> identity.Expected:
    return identity.Expected(
        device_id=device.id,
        agent_uuid=device.agent_uuid,
        enrolled_uuid=device.enrolled_uuid,
        macs=(device.mac_address,),
    )


def found(facts: RouterFacts) -> identity.Found:
    return identity.Found(
        agent_uuid=facts.agent_uuid,
        enrolled_uuid=facts.enrolled_uuid,
        macs=facts.macs,
    )


def unfit(
    image: ImageAdded, facts: RouterFacts, device: Device, options: UpgradeOptions
) -> str | None:
    """Say why an image must not be flashed on a router; None when it may."""
    return compatibility.judge(
        image,
        compatibility.Router(
            board=facts.board,
            model=facts.model,
            release=Release.parse(facts.release, facts.revision),
            compat_version=facts.compat_version,
        ),
        options=options,
        device_model=device.model,
    )


def learn(device: Device, session: Session, facts: RouterFacts) -> None:
    """Keep on the device what a verified visit has found."""
    device.pin_host_key(pinned(session))
    device.learn(
        Learned(
            board=facts.board,
            model=facts.model,
            release=facts.release,
            revision=facts.revision,
        )
    )


def note_installed(
    device: Device, visit: Visit, session: Session, facts: RouterFacts
) -> None:
    """Keep on the device what is proved to run on it."""
    device.install(
        FirmwareInstalled(
            image_id=visit.operation.image_id,
            operation_id=visit.operation.id,
            release=facts.release,
            revision=facts.revision,
        )
    )
    learn(device, session, facts)


def _judge(visit: Visit, facts: RouterFacts) -> None:
    image = image_of(visit).facts
    options = options_of(visit)
    reason = unfit(image, facts, visit.device, options)
    if reason:
        raise RefusedStepError(reason)
    flags(visit, facts)
    if image.sha256 not in visit.flashlog.images:
        msg = (
            f"the image {image.file_name} is missing from the image store: add it again"
        )
        raise RefusedStepError(msg)
    if facts.sysupgrade_running:
        msg = "a sysupgrade that is not ours is running on the router"
        raise RefusedStepError(msg)
    owner = facts.owner
    if (
        owner
        and not owner.settled
        and owner.installation != str(visit.flashlog.installation)
    ):
        msg = (
            f"another Flashlog ({owner.installation}) is at work on this router with "
            f"its operation {owner.operation}"
        )
        raise RefusedStepError(msg)


def _connected(session: Session) -> events.Connected:
    return events.Connected(
        address=session.address,
        credentials_id=session.credentials_id,
        refused=dict(session.refused),
        host_key_type=session.host_key.type,
        host_key_fingerprint=session.host_key.fingerprint,
        weak_algorithms=session.weak_algorithms,
    )


def _identity_verified(
    facts: RouterFacts, verified: identity.Verified
) -> events.IdentityVerified:
    return events.IdentityVerified(
        verified_by=verified.by,
        identity=verified.value,
        boot_id=facts.boot_id,
        macs=facts.macs,
        board=facts.board,
        model=facts.model,
        release=facts.release,
        revision=facts.revision,
    )


def _compared(visit: Visit, facts: RouterFacts) -> events.ImageCompared:
    return events.ImageCompared(
        marker=facts.marker or "",
        revision=facts.revision,
        installed=is_installed(visit, facts),
    )


def _settle_what_is_settled(operation: UpgradeOperation, facts: RouterFacts) -> None:
    """Notice, before a new attempt, what an earlier one does not owe any more."""
    if not operation.owed or operation.before is None:
        return
    if operation.before.boot_id != facts.boot_id:
        operation.settle_by(SettledBy.REBOOT)
        return
    # Another operation's switch says nothing about what this one owes.
    owner = facts.owner
    has_settled = facts.switch_fired and owner is not None and owner.settled
    if has_settled and owner and owner.operation == str(operation.id):
        operation.settle_by(SettledBy.SWITCH)
