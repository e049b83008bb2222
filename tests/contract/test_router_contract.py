"""What holds for every router, simulated or real, so that one cannot drift."""

import hashlib
import io
import tarfile
import time
from collections.abc import Callable
from uuid import UUID, uuid4

import msgspec
import pytest

from application.errors import (
    HostKeyChangedError,
    LinkLostError,
    UnreachableError,
)
from application.router.facts import Owner
from application.router.owed import Owed
from application.router.refusals import GuardRefusedError, Refusal
from application.simulation.setup import REVISIONS
from tests.contract.conftest import Deliver
from tests.contract.routers import PATH, Caller
from tests.routers import face
from tests.routers.images import build_image

RELEASE, REVISION = "24.10.0", "r28427-6df0e3d02a"
IMAGE = build_image(release=RELEASE, revision=REVISION, size=1 << 20)
# Each channel may hold some 150 kB on its way to the file (window, pipe, dd): with few
# of them a fault comes while there is still something to send, however slow dd is.
_FEW = 2
SHA256 = hashlib.sha256(IMAGE).hexdigest()
LIMIT_SECONDS = 60.0
NAME = PATH.removeprefix("/tmp/")


def eventually(seen: Callable[[], bool], what: str) -> None:
    limit = time.monotonic() + LIMIT_SECONDS
    while not seen():
        assert time.monotonic() < limit, f"waited in vain until {what}"
        time.sleep(0.05)


def refusal(act: Callable[[], object]) -> tuple[Refusal, str]:
    with pytest.raises(GuardRefusedError) as caught:
        act()
    return caught.value.word, caught.value.detail


def is_rebooted(caller: Caller, host: str | None = None) -> bool:
    try:
        if not caller.answers(host):
            return False
        return caller.scripts.inspect().boot_id != caller.fence.boot_id
    except UnreachableError:  # it went down while it answered
        return False


def all_is_back(caller: Caller, services: set[str]) -> bool:
    router = caller.router
    return (
        router.services_running() == services
        and router.wifi_is_up()
        and NAME not in router.files_in_tmp()
    )


# --- looking ---------------------------------------------------------------------


def test_inspect_tells_the_truth(caller: Caller) -> None:
    truth, facts = caller.router.facts(), caller.scripts.inspect()
    assert facts.boot_id == truth.boot_id
    assert (facts.release, facts.revision) == (truth.release, truth.revision)
    assert (facts.board, facts.model) == (truth.board, truth.model)
    assert (facts.target, facts.agent_uuid) == (truth.target, truth.uuid)
    assert facts.compat_version == truth.compat_version
    assert set(facts.macs) == set(truth.macs)
    assert set(facts.services) == caller.router.services_running()
    assert facts.wifi_is_up
    assert not facts.wifi_may_be_way_in
    assert facts.memory.available_bytes > 30 << 20
    assert 30 << 20 < facts.memory.room_bytes <= 64 << 20
    assert facts.memory_total_bytes == 128 << 20
    assert facts.owner is None
    assert facts.marker is facts.canary is facts.enrolled_uuid is None
    assert not facts.sysupgrade_running
    assert caller.router.files_in_tmp() == set()


def test_what_the_router_is_shows_in_what_it_says(deliver: Deliver) -> None:
    caller = deliver(compat_version="1.1", way_in="br-lan", memory_available_kb=9000)
    facts = caller.scripts.inspect()
    assert facts.compat_version == "1.1"
    assert facts.wifi_may_be_way_in
    assert facts.memory.available_bytes < 10 << 20


def test_uptime_goes_on(caller: Caller) -> None:
    before = caller.scripts.inspect().uptime_seconds
    caller.router.pass_time(1000)
    eventually(
        lambda: caller.scripts.inspect().uptime_seconds >= before + 1000, "it went on"
    )


@pytest.mark.parametrize(
    ("fault", "uuid"),
    [(face.WrongUuid(), face.WrongUuid.uuid), (face.MissingUuid(), None)],
)
def test_a_wrong_or_missing_uuid_shows(
    deliver: Deliver, fault: face.Fault, uuid: str | None
) -> None:
    assert deliver(fault).scripts.inspect().agent_uuid == uuid


def test_commands_are_recorded_by_name(caller: Caller) -> None:
    caller.claim()
    caller.scripts.health("true", limit_seconds=60)
    assert caller.router.commands == ["claim", "health"]


def test_enrolling_writes_a_uuid(caller: Caller) -> None:
    uuid = uuid4()
    assert caller.scripts.enroll(uuid) == uuid
    assert UUID(caller.scripts.inspect().enrolled_uuid or "") == uuid


@pytest.mark.parametrize("release", ["22.03.7", "25.12.0"])
def test_packages_beside_those_of_the_rom_are_listed(
    deliver: Deliver, release: str
) -> None:
    caller = deliver(release=release, packages=("tcpdump", "bmon"))
    assert caller.scripts.packages() == ("bmon", "tcpdump")
    assert deliver(release=release).scripts.packages() == ()


@pytest.mark.parametrize(
    ("command", "status", "output"),
    [("true", 0, ()), ("false", 1, ()), ("exit 3", 3, ()), ("echo well", 0, ("well",))],
)
def test_health_checks_tell_status_and_output(
    caller: Caller, command: str, status: int, output: tuple[str, ...]
) -> None:
    check = caller.scripts.health(command, limit_seconds=60)
    assert (check.exit_status, check.output) == (status, output)


def test_the_backup_is_an_archive_of_the_configuration(caller: Caller) -> None:
    with tarfile.open(fileobj=io.BytesIO(caller.scripts.backup())) as archive:
        assert "etc/config/openwisp" in archive.getnames()


# --- taking and giving back ------------------------------------------------------


def test_a_claim_shows_its_owner(caller: Caller) -> None:
    assert not caller.claim().claimed.fired
    assert caller.scripts.inspect().owner == Owner(
        installation="installation-1", operation="operation-1", visit=1, settled=False
    )


def test_stopped_services_give_memory(deliver: Deliver) -> None:
    caller = deliver(face.LowMemory()).claim()
    before = caller.claimed.memory.available_bytes
    running = sorted(caller.router.services_running())
    caller.stop(*running, wifi=True, settle_seconds=3)
    assert set(caller.stopped.stopped) == set(running) - {"network", "dropbear"}
    assert caller.stopped.wifi_stopped
    assert caller.router.services_running() == {"network", "dropbear"}
    assert not caller.router.wifi_is_up()
    assert caller.stopped.memory.available_bytes > before + (20 << 20)


def test_memory_that_cannot_be_had_stays_low(deliver: Deliver) -> None:
    caller = deliver(face.LowMemory(recoverable=False)).claim()
    caller.stop(*caller.router.services_running(), settle_seconds=3)
    assert caller.stopped.memory.available_bytes < 8 << 20


def test_settling_gives_everything_back(caller: Caller) -> None:
    services = caller.router.services_running()
    caller.claim().stop("cron", "uhttpd", wifi=True).upload(IMAGE)
    settlement = caller.scripts.settle(caller.fence, path=PATH)
    assert settlement.is_complete
    assert settlement.restored == ("cron", "uhttpd")
    assert settlement.wifi == "up"
    assert all_is_back(caller, services)
    owner = caller.scripts.inspect().owner
    assert owner is not None
    assert owner.settled


OWED = Owed(services=("cron", "uhttpd"), wifi=True)


def take_and_lose_the_directory(caller: Caller) -> Caller:
    caller.claim().stop(*OWED.services, wifi=True).upload(IMAGE)
    caller.router.delete("/tmp/flashlog")
    assert refusal(caller.stop)[0] is Refusal.GONE
    return caller


def test_what_is_owed_is_settled_although_the_directory_was_deleted(
    caller: Caller,
) -> None:
    services = caller.router.services_running()
    take_and_lose_the_directory(caller)
    settlement = caller.scripts.settle(caller.fence, path=PATH, owed=OWED)
    assert settlement.is_complete
    assert settlement.restored == OWED.services
    assert settlement.wifi == "up"
    assert all_is_back(caller, services)


def test_a_claim_remembers_what_is_owed_although_the_directory_was_deleted(
    caller: Caller,
) -> None:
    services = caller.router.services_running()
    take_and_lose_the_directory(caller)
    later = caller.next_visit()
    later.claim(300, owed=OWED)
    later.router.pass_time(400)
    eventually(lambda: all_is_back(later, services), "the switch gave back")


def test_a_router_that_knows_what_it_is_owed_believes_itself(caller: Caller) -> None:
    caller.claim().stop("cron")
    settlement = caller.scripts.settle(caller.fence, path=PATH, owed=OWED)
    assert settlement.restored == ("cron",)


def test_wifi_is_not_stopped_when_it_may_be_our_way_in(deliver: Deliver) -> None:
    caller = deliver(way_in="br-lan").claim().stop(wifi=True)
    assert not caller.stopped.wifi_stopped
    assert caller.router.wifi_is_up()


# --- the guard -------------------------------------------------------------------


def test_an_older_visit_is_refused(caller: Caller) -> None:
    caller.claim()
    caller.next_visit().claim()
    assert refusal(caller.claim) == (Refusal.NEWER_VISIT, "2")
    assert refusal(lambda: caller.upload(IMAGE))[0] is Refusal.NEWER_VISIT
    assert refusal(lambda: caller.flash(IMAGE))[0] is Refusal.NEWER_VISIT
    assert refusal(caller.stop)[0] is Refusal.NEWER_VISIT


def test_a_stranger_is_refused(caller: Caller) -> None:
    assert refusal(lambda: caller.upload(IMAGE))[0] is Refusal.GONE
    caller.claim()
    stranger = caller.as_operation("operation-2")
    stranger.fence = msgspec.structs.replace(stranger.fence, installation="other")
    assert refusal(stranger.claim)[0] is Refusal.FOREIGN
    assert refusal(stranger.stop)[0] is Refusal.FOREIGN


def test_what_an_older_operation_owes_comes_first(caller: Caller) -> None:
    caller.claim().stop("cron").upload(IMAGE)
    newer = caller.as_operation("operation-2")
    assert refusal(newer.claim) == (Refusal.OWED, "operation-1")
    newer.claim(previous="operation-1")
    assert newer.claimed.restored == ("cron",)
    assert "cron" in caller.router.services_running()
    assert NAME not in caller.router.files_in_tmp()
    assert refusal(caller.claim)[0] is Refusal.FOREIGN


def test_a_settled_visit_is_over(caller: Caller) -> None:
    caller.claim().scripts.settle(caller.fence, path=PATH)
    assert refusal(caller.stop)[0] is Refusal.SETTLED
    assert refusal(caller.claim)[0] is Refusal.SETTLED
    assert caller.scripts.settle(caller.fence, path=PATH).is_complete
    caller.next_visit().claim()


def test_after_a_reboot_nothing_of_before_is_let_in(caller: Caller) -> None:
    caller.claim().stop("cron")
    caller.router.reboot()
    caller.hang_up()
    for act in (caller.claim, caller.stop, lambda: caller.upload(IMAGE)):
        assert refusal(act) == (Refusal.REBOOTED, caller.router.facts().boot_id)
    assert "cron" in caller.router.services_running()
    assert caller.scripts.inspect().owner is None


# --- the dead-man's switch -------------------------------------------------------


def test_the_switch_fires_when_its_time_is_over(caller: Caller) -> None:
    services = caller.router.services_running()
    caller.claim(300).stop("cron", "uhttpd", wifi=True).upload(IMAGE)
    caller.scripts.extend(caller.fence, lease_seconds=600)
    caller.router.pass_time(400)
    time.sleep(0.5)
    assert not caller.scripts.inspect().switch_fired
    caller.router.pass_time(400)
    eventually(lambda: all_is_back(caller, services), "the switch gave back")
    eventually(lambda: caller.scripts.inspect().switch_fired, "it says so")
    assert refusal(lambda: caller.flash(IMAGE))[0] is Refusal.FIRED
    claimed = caller.next_visit().claim().claimed
    assert claimed.fired
    assert claimed.given_back


def test_the_switch_needs_no_network(caller: Caller) -> None:
    services = caller.router.services_running()
    caller.claim(300).stop("cron", "uhttpd", wifi=True)
    caller.router.cut_network()
    caller.router.pass_time(400)
    eventually(lambda: all_is_back(caller, services), "the switch gave back")
    assert not caller.answers()
    caller.router.restore_network()
    assert caller.answers()


def test_a_disarmed_switch_does_not_fire(caller: Caller) -> None:
    caller.claim(300).scripts.settle(caller.fence, path=PATH)
    caller.router.pass_time(1000)
    time.sleep(1)
    assert not caller.scripts.inspect().switch_fired


# --- the upload ------------------------------------------------------------------


def test_an_upload_over_several_channels_is_the_image(caller: Caller) -> None:
    caller.claim().upload(IMAGE, channels=8)
    checksum = caller.scripts.checksum(path=PATH)
    assert checksum is not None
    assert (checksum.bytes, checksum.sha256) == (len(IMAGE), SHA256)
    assert caller.scripts.inspect(path=PATH).file_bytes == len(IMAGE)
    assert caller.router.read_file(PATH) == IMAGE
    pieces = caller.scripts.pieces(
        path=PATH, piece_bytes=300_000, total_bytes=len(IMAGE)
    )
    assert pieces == [
        hashlib.sha256(IMAGE[start : start + 300_000]).hexdigest()
        for start in range(0, len(IMAGE), 300_000)
    ]


def test_a_cut_upload_goes_on_where_it_was(caller: Caller) -> None:
    caller.claim()
    caller.router.inject(face.CutAtByte(400_000))
    with pytest.raises(LinkLostError):
        caller.send(IMAGE, channels=1)
    caller.hang_up()
    later = caller.next_visit().claim()
    step = 65536
    pieces = later.scripts.pieces(path=PATH, piece_bytes=step, total_bytes=len(IMAGE))
    assert 4 <= len(pieces) < len(IMAGE) // step
    assert pieces == [
        hashlib.sha256(IMAGE[number * step : (number + 1) * step]).hexdigest()
        for number in range(len(pieces))
    ]
    later.upload(IMAGE, len(pieces) * step)
    assert caller.router.read_file(PATH) == IMAGE
    later.hang_up()


def test_a_stalled_upload_is_noticed(caller: Caller) -> None:
    caller.claim()
    caller.router.inject(face.StallAtByte(400_000))
    with pytest.raises(LinkLostError):
        caller.send(IMAGE, channels=_FEW, stall_seconds=1)
    caller.hang_up()
    later = caller.next_visit().claim()
    later.upload(IMAGE)
    assert caller.router.read_file(PATH) == IMAGE
    later.hang_up()


def test_a_full_directory_shows_and_refuses(deliver: Deliver) -> None:
    caller = deliver(face.FullTmp(room_kb=256)).claim()
    assert caller.claimed.memory.room_bytes <= 256 * 1024
    assert caller.claimed.memory.available_bytes > 30 << 20
    assert refusal(lambda: caller.upload(IMAGE, channels=1))[0] is Refusal.NO_SPACE


# --- the image test --------------------------------------------------------------


def test_a_good_image_is_accepted(caller: Caller) -> None:
    caller.claim().upload(IMAGE)
    verdict = caller.scripts.test_image(caller.fence, path=PATH, flags=[])
    assert verdict.accepted
    assert verdict.structured


@pytest.mark.parametrize(
    "image",
    [build_image(board="other,board"), build_image(corrupt="bit-flipped")],
    ids=["of another board", "damaged"],
)
def test_a_bad_image_is_refused_with_a_reason(caller: Caller, image: bytes) -> None:
    caller.claim().upload(image)
    verdict = caller.scripts.test_image(caller.fence, path=PATH, flags=[])
    assert not verdict.accepted
    assert "Image check failed." in verdict.output[-1]


def test_an_image_that_needs_another_configuration_wants_n(deliver: Deliver) -> None:
    image = build_image(compat_version="1.1")
    caller = deliver().claim().upload(image)

    def accepted(*flags: str) -> bool:
        return caller.scripts.test_image(caller.fence, path=PATH, flags=flags).accepted

    assert [accepted(), accepted("-n"), accepted("-F")] == [False, True, True]


def test_a_corrupt_image_is_refused(deliver: Deliver) -> None:
    caller = deliver(face.CorruptImage()).claim().upload(IMAGE)
    assert not caller.scripts.test_image(caller.fence, path=PATH, flags=[]).accepted


# --- the flash -------------------------------------------------------------------


def ready(caller: Caller) -> Caller:
    return caller.claim().stop("cron").upload(IMAGE)


def test_a_flash_brings_the_new_firmware(caller: Caller) -> None:
    ready(caller).flash(IMAGE)
    assert caller.canary_left
    eventually(lambda: is_rebooted(caller), "it is back")
    facts, truth = caller.scripts.inspect(), caller.router.facts()
    assert (facts.release, facts.revision) == (RELEASE, REVISION)
    assert facts.agent_uuid == truth.uuid
    assert facts.agent_uuid is not None
    assert facts.canary is None
    assert "cron" in caller.router.services_running()
    assert caller.router.flashes == 1
    fence = msgspec.structs.replace(caller.fence, boot_id=facts.boot_id)
    caller.scripts.conclude(fence, marker_sha256=SHA256)
    assert caller.scripts.inspect().marker == SHA256


def test_the_openwisp_checksum_is_gone_and_the_host_key_stays(caller: Caller) -> None:
    assert caller.router.read_file("/etc/openwisp/checksum") is not None
    key = caller.session.host_key
    ready(caller).flash(IMAGE)
    eventually(lambda: is_rebooted(caller), "it is back")
    assert caller.session.host_key == key
    assert caller.router.read_file("/etc/openwisp/checksum") is None


def test_without_its_configuration_it_is_another_router(caller: Caller) -> None:
    key = caller.session.host_key
    caller.scripts.enroll(uuid4())
    ready(caller).flash(IMAGE, "-n")
    eventually(
        lambda: (
            caller.answers(password="", accept_new_host_key=True)
            and caller.scripts.inspect().boot_id != caller.fence.boot_id
        ),
        "it is back",
    )
    facts = caller.scripts.inspect()
    assert caller.session.host_key != key
    assert facts.agent_uuid is facts.enrolled_uuid is facts.marker is None
    assert set(facts.macs) == set(caller.router.facts().macs)


def test_a_second_flash_script_does_nothing(caller: Caller) -> None:
    ready(caller).flash(IMAGE)
    try:
        word = refusal(lambda: caller.flash(IMAGE))[0]
    except UnreachableError:
        pytest.skip("the router was gone before the second one could be sent")
    assert word is Refusal.FLASH_GUARD
    eventually(lambda: is_rebooted(caller), "it is back")
    assert caller.router.flashes == 1


def test_another_file_than_the_verified_one_is_not_flashed(caller: Caller) -> None:
    ready(caller)
    assert refusal(lambda: caller.flash(b"other")) == (Refusal.CHECKSUM, SHA256)
    caller.scripts.settle(caller.fence, path=PATH)
    later = caller.next_visit().claim()
    assert refusal(lambda: later.flash(IMAGE)) == (Refusal.MISSING_FILE, PATH)
    assert caller.router.flashes == 0


@pytest.mark.parametrize("status", [1, 248])
def test_a_refused_flash_says_why_and_is_settled(deliver: Deliver, status: int) -> None:
    caller = deliver(face.RefuseFlash(status))
    services = caller.router.services_running()
    ready(caller).flash(IMAGE)
    eventually(lambda: caller.scripts.inspect().flash.was_refused, "it was refused")
    flash = caller.scripts.inspect().flash
    assert flash.status == status
    assert flash.guard
    assert flash.log
    later = caller.next_visit()
    assert later.scripts.settle(later.fence, path=PATH).is_complete
    assert all_is_back(caller, services)
    assert caller.router.flashes == 0


def test_a_flash_that_nobody_hears_the_end_of_goes_on(deliver: Deliver) -> None:
    caller = deliver(face.HangAtFlash())
    ready(caller).flash(IMAGE)
    eventually(lambda: is_rebooted(caller), "it is back")
    assert caller.router.facts().revision == REVISION


def test_old_firmware_that_comes_back_still_has_the_canary(deliver: Deliver) -> None:
    caller = deliver(face.BackWithOldFirmware())
    before = caller.router.facts().revision
    ready(caller).flash(IMAGE)
    eventually(lambda: is_rebooted(caller), "it is back")
    facts = caller.scripts.inspect()
    assert facts.revision == before
    assert facts.canary == "operation-1"
    assert caller.router.flashes == 1


def test_other_firmware_comes_back(deliver: Deliver) -> None:
    other = face.BackWithOtherFirmware()
    caller = deliver(other)
    ready(caller).flash(IMAGE)
    eventually(lambda: is_rebooted(caller), "it is back")
    facts = caller.scripts.inspect()
    assert (facts.release, facts.revision) == (other.release, other.revision)


def test_another_uuid_comes_back(deliver: Deliver) -> None:
    caller = deliver(face.WrongUuid(after_flash=True))
    assert caller.scripts.inspect().agent_uuid != face.WrongUuid.uuid
    ready(caller).flash(IMAGE)
    eventually(lambda: is_rebooted(caller), "it is back")
    assert caller.scripts.inspect().agent_uuid == face.WrongUuid.uuid


def test_it_comes_back_on_another_address(deliver: Deliver) -> None:
    caller = deliver(face.BackOnAnotherAddress())
    ready(caller).flash(IMAGE)
    other = caller.router.other_host
    eventually(lambda: is_rebooted(caller, other), "it is back")
    assert not caller.answers()


def test_it_never_comes_back(deliver: Deliver) -> None:
    caller = deliver(face.NeverBack())
    ready(caller).flash(IMAGE)
    eventually(lambda: caller.router.flashes == 1, "it is flashed")
    eventually(lambda: not caller.answers(), "it is gone")
    time.sleep(3)
    assert not caller.answers()


@pytest.mark.parametrize("release", REVISIONS)
def test_every_release_is_flashed(deliver: Deliver, release: str) -> None:
    caller = ready(deliver(release=release))
    verdict = caller.scripts.test_image(caller.fence, path=PATH, flags=[])
    assert verdict.accepted
    assert (verdict.structured is None) is release.startswith("18.")
    caller.flash(IMAGE)
    eventually(lambda: is_rebooted(caller), "it is back")
    assert caller.scripts.inspect().revision == REVISION
    assert caller.router.flashes == 1


def test_the_oldest_release_refuses_newer_options(deliver: Deliver) -> None:
    caller = deliver(release="18.06.9").claim().upload(IMAGE)
    verdict = caller.scripts.test_image(caller.fence, path=PATH, flags=["-k"])
    assert not verdict.accepted
    assert verdict.output[-1].endswith("Invalid option: -k")


# --- the host key ----------------------------------------------------------------


def test_a_changed_host_key_is_noticed(caller: Caller) -> None:
    key = caller.session.host_key
    caller.hang_up()
    caller.router.inject(face.ChangedHostKey())
    eventually(caller.answers, "it answers without a pinned key")
    with pytest.raises(HostKeyChangedError):
        caller.connect(host_key=key)


def test_the_host_key_may_change_with_the_flash(deliver: Deliver) -> None:
    caller = deliver(face.ChangedHostKey(after_flash=True))
    key = caller.session.host_key
    ready(caller).flash(IMAGE)
    eventually(lambda: is_rebooted(caller), "it is back")
    assert caller.session.host_key != key
