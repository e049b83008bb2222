"""Each script on real BusyBox ash, when nothing is in its way."""

import hashlib
from uuid import uuid4

import pytest

from application.errors import UnexpectedError
from application.router.facts import Owner
from application.router.refusals import GuardRefusedError, Refusal
from application.scripts import render
from tests.application.router.conftest import PATH, Visit, names, uploaded
from tests.application.router.tiny import SERVICES, TinyRouter, wait_until

pytestmark = pytest.mark.real_router

IMAGE = bytes(range(256)) * 1000
SHA256 = hashlib.sha256(IMAGE).hexdigest()


def test_inspect_tells_what_the_router_is(tiny: TinyRouter, visit: Visit) -> None:
    (tiny.state / "uci" / "openwisp.http.uuid").write_text(f"{uuid4()}\n")
    facts = visit.router.inspect(directory="/tmp", path=PATH)
    assert facts.boot_id == tiny.boot_id
    assert (facts.release, facts.revision) == ("23.05.4", "r24012-d8dd03c46f")
    assert (facts.target, facts.board) == ("ath79/generic", "tplink,archer-c7-v5")
    assert facts.model == "TP-Link Archer C7 v5"
    assert facts.compat_version == "1.0"
    assert facts.macs == ("02:00:5e:10:00:01", "02:00:5e:10:00:02")
    assert facts.agent_uuid is not None
    assert facts.enrolled_uuid is None
    assert facts.memory.available_bytes == 30000 * 1024
    assert 0 < facts.memory.room_bytes <= 32 << 20
    assert set(facts.services) == set(SERVICES)
    assert facts.wifi_is_up
    assert facts.owner is None
    assert not facts.sysupgrade_running


def test_inspect_changes_nothing(tiny: TinyRouter, visit: Visit) -> None:
    before = sorted(tiny.tmp.rglob("*"))
    visit.router.inspect()
    assert sorted(tiny.tmp.rglob("*")) == before


def test_old_kernels_without_memavailable_count_what_can_be_freed(
    tiny: TinyRouter, visit: Visit
) -> None:
    meminfo = tiny.root / "fake" / "meminfo"
    meminfo.write_text(
        "MemTotal: 60000 kB\nMemFree: 20000 kB\nBuffers: 1000 kB\nCached: 5000 kB\n"
        "Shmem: 2000 kB\n"
    )
    assert visit.router.inspect().memory.available_bytes == 24000 * 1024


@pytest.mark.parametrize(
    ("client", "wifi"),
    [("127.0.0.1 1 22", 0), ("fe80::1%wlan0 1 22", 1), ("", 1)],
)
def test_wifi_is_ruled_out_as_way_in_only_when_it_is_sure(
    tiny: TinyRouter, client: str, wifi: int
) -> None:
    text = f"export SSH_CLIENT='{client}'\nunset SSH_CONNECTION\n"
    script = render("inspect", directory="/tmp", path="", canary="")
    said = tiny.run(text + script).stdout.decode()
    assert f"wifi_way_in={wifi}\n" in said


def test_a_bridge_with_a_wireless_port_may_be_the_way_in(tiny: TinyRouter) -> None:
    bridge = tiny.root / "sys/class/net/br-lan"
    (bridge / "brif/eth0").mkdir(parents=True)
    (bridge / "address").write_text("02:00:5e:10:00:01\n")
    script = "export SSH_CLIENT='fe80::1%br-lan 1 22'\n" + render(
        "inspect", directory="/tmp", path="", canary=""
    )
    assert "wifi_way_in=0\n" in tiny.run(script).stdout.decode()
    (bridge / "brif/wlan0").mkdir()
    assert "wifi_way_in=1\n" in tiny.run(script).stdout.decode()


def test_claim_makes_the_directory_and_shows_its_owner(visit: Visit) -> None:
    visit.claim()
    assert not visit.claimed.fired
    assert visit.router.inspect().owner == Owner(
        installation="installation-1", operation="operation-1", visit=1, settled=False
    )


def test_a_newer_visit_ends_the_writers_of_the_older(
    tiny: TinyRouter, visit: Visit
) -> None:
    visit.claim()
    writer = tiny.start(visit.router.write_command(visit.fence, path=PATH)(0), stdin=-1)
    wait_until(lambda: any((tiny.directory / "writers").iterdir()), "it is registered")
    visit.next().claim()
    assert list((tiny.directory / "writers").iterdir()) == []
    assert writer.communicate(timeout=60)[0] == b"exit_status=137\n"


def test_free_memory_removes_lists_and_leftovers_but_not_the_upload(
    tiny: TinyRouter, visit: Visit
) -> None:
    visit.claim().write(IMAGE)
    (tiny.tmp / "opkg-lists").mkdir()
    (tiny.tmp / "opkg-lists" / "base").touch()
    (tiny.tmp / "sysupgrade.img").touch()
    visit.router.free_memory(visit.fence, path=PATH)
    assert not {"opkg-lists", "sysupgrade.img"} & names(tiny.tmp.iterdir())
    assert uploaded(tiny).read_bytes() == IMAGE


def test_only_listed_running_harmless_services_are_stopped(
    tiny: TinyRouter, visit: Visit
) -> None:
    (tiny.state / "running" / "rpcd").unlink()
    stopped = visit.claim().router.stop_services(
        visit.fence,
        path=PATH,
        services=["cron", "rpcd", "network", "dropbear", "absent", "../x"],
        wifi=False,
        settle_seconds=3,
    )
    assert stopped.stopped == ("cron",)
    assert tiny.services == set(SERVICES) - {"cron", "rpcd"}
    assert (tiny.directory / "services").read_text() == "cron\n"
    assert tiny.wifi_is_up


def test_wifi_is_stopped_only_when_asked(tiny: TinyRouter, visit: Visit) -> None:
    visit.claim().stop("cron", wifi=True)
    assert not tiny.wifi_is_up


def test_wifi_that_may_be_the_way_in_is_never_stopped(
    tiny: TinyRouter, visit: Visit
) -> None:
    visit.claim()
    script = render(
        "stop_services",
        **visit.fence.inputs(),
        path=PATH,
        services="",
        wifi=1,
        settle_seconds=1,
    )
    said = tiny.run(f"export SSH_CLIENT='fe80::1%wlan0 1 22'\n{script}").stdout
    assert b"wifi_stopped=0\n" in said
    assert tiny.wifi_is_up


def test_stopping_twice_remembers_both(tiny: TinyRouter, visit: Visit) -> None:
    visit.claim().stop("cron")
    visit.next().claim().stop("cron", "uhttpd")
    assert (tiny.directory / "services").read_text() == "cron\nuhttpd\n"


def test_pieces_tell_what_has_arrived(tiny: TinyRouter, visit: Visit) -> None:
    visit.claim().write(IMAGE[:200_000])
    expected = [
        hashlib.sha256(IMAGE[start : start + 65536]).hexdigest()
        for start in (0, 65536, 131072)
    ]

    def pieces() -> list[str]:
        return visit.router.pieces(path=PATH, piece_bytes=65536, total_bytes=len(IMAGE))

    assert pieces() == expected
    visit.write(IMAGE[200_000:], 200_000)
    assert pieces() == [*expected, hashlib.sha256(IMAGE[196_608:]).hexdigest()]


def test_there_are_no_pieces_of_no_file(visit: Visit) -> None:
    assert visit.router.pieces(path=PATH, piece_bytes=65536, total_bytes=1000) == []


def test_pieces_written_out_of_order_make_the_file(
    tiny: TinyRouter, visit: Visit
) -> None:
    visit.claim().write(IMAGE[100_000:], 100_000).write(IMAGE[:100_000])
    checksum = visit.router.checksum(path=PATH)
    assert checksum is not None
    assert (checksum.bytes, checksum.sha256) == (len(IMAGE), SHA256)


def test_the_checksum_of_no_file_is_none(visit: Visit) -> None:
    assert visit.router.checksum(path=PATH) is None


def test_writing_into_a_full_directory_is_refused(
    tiny: TinyRouter, visit: Visit
) -> None:
    visit.claim()
    with pytest.raises(GuardRefusedError) as caught:
        visit.write(bytes(33 << 20))
    assert caught.value.word is Refusal.NO_SPACE


def test_a_full_directory_can_be_settled_by_a_newer_visit(
    tiny: TinyRouter, visit: Visit
) -> None:
    visit.claim().stop("cron")
    with pytest.raises(GuardRefusedError):
        visit.write(bytes(33 << 20))
    later = visit.next()
    assert later.router.settle(later.fence, path=PATH).is_complete
    assert not uploaded(tiny).exists()
    assert "cron" in tiny.services


def test_the_image_test_passes_and_leaves_nothing(
    tiny: TinyRouter, visit: Visit
) -> None:
    visit.claim().write(IMAGE)
    verdict = visit.router.test_image(visit.fence, path=PATH, flags=["-n"])
    assert verdict.accepted
    assert verdict.structured
    assert "sysupgrade.meta" not in names(tiny.tmp.iterdir())


def test_the_image_test_refuses_with_the_reason(tiny: TinyRouter, visit: Visit) -> None:
    tiny.mark("refuse_test")
    visit.claim().write(IMAGE)
    verdict = visit.router.test_image(visit.fence, path=PATH, flags=[])
    assert (verdict.accepted, verdict.exit_status) == (False, 1)
    assert verdict.output == ("Image check failed.",)


def test_releases_without_a_structured_verdict_do(
    tiny: TinyRouter, visit: Visit
) -> None:
    tiny.mark("no_verdict")
    visit.claim().write(IMAGE)
    verdict = visit.router.test_image(visit.fence, path=PATH, flags=[])
    assert (verdict.accepted, verdict.structured) == (True, None)


def test_the_backup_is_what_sysupgrade_makes(visit: Visit) -> None:
    assert visit.router.backup() == b"\x1f\x8btar"


def test_a_backup_that_is_none_is_unexpected(tiny: TinyRouter, visit: Visit) -> None:
    (tiny.root / "sbin/sysupgrade").write_text("#!/bin/ash\necho no >&2\nexit 1\n")
    with pytest.raises(UnexpectedError, match="no configuration backup"):
        visit.router.backup()


def test_settle_gives_everything_back(tiny: TinyRouter, visit: Visit) -> None:
    visit.claim().stop("cron", "uhttpd", wifi=True).write(IMAGE)
    settlement = visit.router.settle(visit.fence, path=PATH)
    assert settlement.is_complete
    assert settlement.restored == ("cron", "uhttpd")
    assert settlement.wifi == "up"
    assert tiny.services == set(SERVICES)
    assert tiny.wifi_is_up
    assert names(tiny.tmp.iterdir()) == {"flashlog", "sysinfo"}


def test_settle_may_be_repeated(visit: Visit) -> None:
    visit.claim().stop("cron")
    assert visit.router.settle(visit.fence, path=PATH).is_complete
    assert visit.router.settle(visit.fence, path=PATH).is_complete


def test_settle_where_nothing_was_taken_is_complete(visit: Visit) -> None:
    assert visit.router.settle(visit.fence, path=PATH).is_complete


def test_a_service_that_does_not_come_back_stays_owed(
    tiny: TinyRouter, visit: Visit
) -> None:
    visit.claim().stop("cron", "uhttpd")
    (tiny.state / "broken" / "uhttpd").touch()
    settlement = visit.router.settle(visit.fence, path=PATH)
    assert (settlement.restored, settlement.not_restored) == (("cron",), ("uhttpd",))
    assert not settlement.switch_disarmed
    (tiny.state / "broken" / "uhttpd").unlink()
    later = visit.next()
    assert later.router.settle(later.fence, path=PATH).restored == ("uhttpd",)


def test_conclude_writes_the_marker_and_removes_the_canary(
    tiny: TinyRouter, visit: Visit
) -> None:
    canary = tiny.root / "usr/share/flashlog.canary"
    canary.write_text("operation-1\n")
    assert visit.router.inspect().canary == "operation-1"
    visit.router.conclude(visit.fence, marker_sha256=SHA256)
    facts = visit.router.inspect()
    assert (facts.marker, facts.canary) == (SHA256, None)


def test_enroll_writes_a_uuid_that_inspect_reads(visit: Visit) -> None:
    uuid = uuid4()
    assert visit.router.enroll(uuid) == uuid
    assert visit.router.inspect().enrolled_uuid == str(uuid)


@pytest.mark.parametrize("trouble", ["read_only", "full_flash"])
def test_a_uuid_that_the_router_does_not_keep_is_unexpected(
    tiny: TinyRouter, visit: Visit, trouble: str
) -> None:
    tiny.mark(trouble)
    with pytest.raises(UnexpectedError):
        visit.router.enroll(uuid4())


def test_a_health_check_tells_status_and_output(visit: Visit) -> None:
    check = visit.router.health("echo 'a=b'; echo oops >&2; exit 3", limit_seconds=60)
    assert (check.exit_status, check.output) == (3, ("a=b", "oops"))


def test_a_health_check_ends_at_its_limit(visit: Visit) -> None:
    check = visit.router.health("sleep 600; true", limit_seconds=1)
    assert check.exit_status == 137


def test_services_are_started_with_the_umask_of_the_system(
    tiny: TinyRouter, visit: Visit
) -> None:
    """What an init script writes must be readable for its daemon's own user."""
    script = tiny.root / "etc/init.d/cron"
    script.write_text(f"{script.read_text()}umask >/state/umask\n")
    visit.claim().stop("cron").router.settle(visit.fence, path=PATH)
    assert tiny.lines("umask") == ["0022"]


def test_the_directory_is_for_nobody_else(tiny: TinyRouter, visit: Visit) -> None:
    visit.claim()
    assert tiny.directory.stat().st_mode & 0o777 == 0o700
