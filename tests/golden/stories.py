"""The stories of the golden log, told by the commands that tell them in life."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import msgspec

from domain.base import Aggregate
from domain.credentials import (
    Credentials,
    CredentialsChanged,
    CredentialsCreated,
)
from domain.device.device import Device
from domain.device.events import FirmwareInstalled, Registered
from domain.device.words import Connection, Jump, Learned, PinnedKey
from domain.group import Group, GroupCreated
from domain.idempotency import IdempotencyKey, Used
from domain.known_host import KnownHost
from domain.operation import events
from domain.operation.operation import UpgradeOperation
from domain.operation.words import SettledBy
from domain.organization import Organization, OrganizationFacts
from domain.recordings import Recordings
from domain.reservation import Reservation
from domain.user import Joined, Rights, TokenIssued, User
from domain.user import Registered as UserRegistered
from tests.domain import examples
from tests.golden import batches, catalogue, inventory


def _id(number: int) -> UUID:
    return UUID(f"90000000-0000-4000-8000-{number:012d}")


SUCCEEDED, ABORTED, CANCELLED, FAILED, RESUMED = map(_id, range(1, 6))
ORGANIZATION, CREDENTIALS, DEVICE, CATEGORY, BUILD, IMAGE = map(_id, range(11, 17))
USER, PERSON, PASSWORD, OTHER_PASSWORD, TOKEN, SECRET = map(_id, range(21, 27))
SESSION = _id(29)
CONNECTION, OTHER_CONNECTION, FIRMWARE, BACKUP, ENROLLED = map(_id, range(31, 36))
OTHER_PERSON, MEMBERSHIP = map(_id, range(36, 38))
RESERVED = Reservation.id_of("device/name", "roof-17")
NEW_KEY = PinnedKey(type="ssh-rsa", base64="AAAAB3Nz", fingerprint="SHA256:xyz")
SERVICES = ("uhttpd", "collectd")


def all_stories() -> Iterator[Aggregate]:
    """Every aggregate with all that was recorded of it, in a plausible order."""
    yield _organization()
    yield _user()
    yield _group()
    yield _credentials()
    yield from inventory.all_stories(ORGANIZATION, by=USER)
    yield from catalogue.stories()
    yield _reservation()
    yield _idempotency_key()
    yield _known_host()
    yield _device()
    yield _succeeded()
    yield _aborted()
    yield _cancelled()
    yield _failed()
    yield _resumed()
    yield _recordings()
    yield from batches.all_stories(BUILD, CATEGORY, by=USER)


def _organization() -> Organization:
    organization = Organization.found(
        ORGANIZATION, name="Freifunk", slug="freifunk", by=USER
    )
    facts = OrganizationFacts(
        name="Freifunk Größenwahn",
        slug="freifunk",
        is_active=False,
        description="A community.",
        email="noc@example.org",
        url="https://example.org",
    )
    organization.change(facts, by=USER)
    organization.give_to(USER, by=USER)
    organization.delete(by=USER)
    return organization


def _group() -> Group:
    created = GroupCreated(
        number=3, name="Watchers", permissions=("view_device",), by=USER
    )
    group = Group.create(created)
    group.change(name="Viewers", permissions=("view_build", "view_device"), by=USER)
    group.delete(by=USER)
    return group


def _user() -> User:
    registered = UserRegistered(
        person_id=PERSON, password_id=PASSWORD, is_superuser=True, is_staff=True
    )
    user = User.register(USER, registered)
    rights = Rights(
        is_staff=True,
        groups=(1, 3),
        permissions=("view_device",),
        expires_on=date(2030, 12, 31),
    )
    user.change(rights, person_id=OTHER_PERSON, by=USER)
    for is_admin in (False, True):
        joined = Joined(
            organization_id=ORGANIZATION,
            membership_id=MEMBERSHIP,
            is_admin=is_admin,
            by=USER,
        )
        user.join(joined)
    user.leave(ORGANIZATION, by=USER)
    user.note_log_in(at=examples.AT)
    user.log_out(SESSION, at=examples.AT, until=examples.AT + timedelta(hours=12))
    user.change_password(OTHER_PASSWORD, by=USER)
    user.issue_token(TokenIssued(token_id=TOKEN, token_hash="ab" * 32, by=USER))
    user.deactivate(by=USER)
    user.erase(by=USER)
    return user


def _credentials() -> Credentials:
    created = CredentialsCreated(
        name="root",
        organization_id=ORGANIZATION,
        username="root",
        port=22,
        secret_id=SECRET,
        by=USER,
    )
    credentials = Credentials.create(CREDENTIALS, created)
    changed = CredentialsChanged(
        name="root of roofs",
        organization_id=ORGANIZATION,
        username="admin",
        port=2222,
        secret_id=inventory.NEW_SECRET,
        auto_add=True,
        connector="ssh",
        by=USER,
    )
    credentials.change(changed)
    return credentials


def _reservation() -> Reservation:
    reservation = Reservation(RESERVED)
    reservation.claim("device/name", DEVICE)
    reservation.release(DEVICE)
    reservation.claim("device/name", DEVICE)
    return reservation


def _idempotency_key() -> IdempotencyKey:
    key = IdempotencyKey(IdempotencyKey.id_of(USER, "0d3c8a52"))
    key.use(
        Used(
            fingerprint="ef" * 32,
            owner_id=SUCCEEDED,
            is_new=True,
            at=datetime(2026, 5, 1, 12, tzinfo=UTC),
            by=USER,
        )
    )
    return key


def _known_host() -> KnownHost:
    host = KnownHost(KnownHost.id_of("gate.example", 22))
    host.pin("gate.example", 22, NEW_KEY, by=USER)
    return host


def _device() -> Device:
    registered = Registered(
        name="roof-17",
        organization_id=ORGANIZATION,
        mac_address="00:11:22:aa:bb:cc",
        addresses=("10.0.0.7", "fe80::1%eth0"),
        model="TP-Link Archer C7 v5",
        connections=(Connection(connection_id=CONNECTION, credentials_id=CREDENTIALS),),
        jumps=(Jump(address="gate.example", credentials_id=CREDENTIALS),),
        by=USER,
    )
    device = Device.register(DEVICE, registered)
    device.pin_host_key(examples.KEY)
    device.release_host_key("the router was replaced", by=USER)
    device.pin_host_key(NEW_KEY, by=USER)
    device.enroll(ENROLLED, by=USER)
    device.learn(
        Learned(
            board="tplink,archer-c7-v5",
            model="TP-Link Archer C7 v5",
            release="22.03.5",
            revision="r20134-5f15225c1e",
        )
    )
    device.change_addresses(("10.0.0.8",), management_ip="10.0.0.8", by=USER)
    changed = msgspec.structs.replace(
        device.description,
        last_ip="10.1.0.7",
        os="OpenWrt 23.05",
        system="Atheros",
        notes="behind the chimney",
        group_id=inventory.GROUP,
        location_id=inventory.LOCATION,
        key_id=inventory.KEY,
    )
    device.change(changed, by=USER)
    device.note_log_ins(
        worked=None,
        refused={CREDENTIALS: "the log-in was refused"},
        at=examples.AT,
    )
    connections = (
        Connection(connection_id=CONNECTION, credentials_id=CREDENTIALS, enabled=False),
        Connection(connection_id=OTHER_CONNECTION, credentials_id=CREDENTIALS),
    )
    device.change_connections(connections, by=USER)
    device.note_log_ins(worked=CREDENTIALS, refused={}, at=examples.later(90))
    device.assign_firmware(IMAGE, firmware_id=FIRMWARE, by=USER)
    device.give(SUCCEEDED, IMAGE)
    device.allow_flash(SUCCEEDED)
    device.install(
        FirmwareInstalled(
            image_id=IMAGE,
            operation_id=SUCCEEDED,
            release="23.05.5",
            revision="r24106-10cc5fcd00",
        )
    )
    device.deactivate(by=USER)
    device.activate(by=USER)
    return device


def _started(operation_id: UUID, **changes: object) -> UpgradeOperation:
    said = {"device_id": DEVICE, "image_id": IMAGE, "by": USER}
    return examples.queued(operation_id, **(said | changes))


def _climb(operation: UpgradeOperation) -> None:
    """From the first packet to a verified upload, with too little memory at first."""
    operation.begin_visit("runner-1", at=examples.AT)
    operation.note(
        examples.connected(), examples.identity_verified(), examples.image_compared()
    )
    backed_up = events.ConfigurationBackedUp(
        backup_id=BACKUP, sha256="cd" * 32, size_bytes=18_211
    )
    operation.note(backed_up)
    operation.note(examples.switch_armed())
    operation.note(examples.memory_measured())
    operation.note(examples.services_stop_begun(SERVICES))
    operation.note(events.ServicesStopped(services=SERVICES, wifi=True))
    operation.note(
        events.MemoryFreed(available_bytes=14_000_000, needed_bytes=11_534_336)
    )
    operation.note(examples.upload_begun())
    operation.note(examples.upload_advanced())


def _flash(operation: UpgradeOperation) -> None:
    operation.note(examples.uploaded())
    operation.note(examples.image_accepted())
    examples.begin_flash(operation)
    operation.note_recording(
        events.VisitRecorded(sha256="12" * 32, size_bytes=1571, commands=12)
    )
    operation.observe(events.ConnectionLost(reason="the router reboots"))
    operation.begin_visit("runner-2")
    operation.observe(examples.reconnect_attempted(20))
    operation.observe(examples.reconnected())


def _succeeded() -> UpgradeOperation:
    operation = _started(SUCCEEDED, options={"c": True})
    _climb(operation)
    _flash(operation)
    operation.observe(examples.outcome_verified())
    operation.settle_by(SettledBy.REBOOT)
    operation.succeed("verified by its revision")
    return operation


def _aborted() -> UpgradeOperation:
    operation = _started(ABORTED)
    operation.begin_visit("runner-1")
    operation.note(examples.connected())
    operation.note_recording(events.VisitRecorded(trouble="No space left on device"))
    operation.abort("The image is not for this board.", evidence="found none")
    return operation


def _cancelled() -> UpgradeOperation:
    operation = _started(CANCELLED, retry_of=ABORTED)
    _climb(operation)
    operation.cancel(at=examples.later(30), by=USER)
    operation.begin_visit("runner-1")
    operation.postpone_settlement(
        cause="no answer", at=examples.later(40), not_before=examples.later(70)
    )
    operation.give_up_obligations(reason="the router is gone", by=USER)
    return operation


def _failed() -> UpgradeOperation:
    operation = _started(FAILED)
    _climb(operation)
    operation.schedule_retry(cause="link lost", not_before=examples.later(60))
    operation.begin_visit("runner-2")
    operation.note(examples.upload_begun())
    _flash(operation)
    operation.settle_by(SettledBy.REBOOT)
    operation.fail("the router runs its old firmware", evidence="22.03.5")
    return operation


def _recordings() -> Recordings:
    recordings = Recordings()
    recordings.remove(before=examples.AT)
    recordings.blank({"12" * 32: "34" * 32, "56" * 32: ""}, by=USER)
    return recordings


def _resumed() -> UpgradeOperation:
    operation = _started(RESUMED, batch_id=_id(99))
    _climb(operation)
    operation.hold("the log was restored", by=USER)
    operation.resume(at=examples.later(500), by=USER)
    operation.begin_visit("runner-3")
    return operation
