"""The dead-man's switch and the flash: who comes first wins, the other does nothing."""

import hashlib
import time

import pytest

from application.router.refusals import GuardRefusedError, Refusal
from application.scripts import render
from tests.application.router.conftest import PATH, Visit, uploaded
from tests.application.router.tiny import SERVICES, TinyRouter, wait_until

pytestmark = pytest.mark.real_router

IMAGE = b"firmware" * 1000
SHA256 = hashlib.sha256(IMAGE).hexdigest()


@pytest.fixture(autouse=True)
def _no_time_passes(tiny: TinyRouter) -> None:
    """A lease lasts until a test says otherwise, however slow the machine is."""
    tiny.stop_clock()


def all_is_back(tiny: TinyRouter) -> bool:
    return (
        tiny.services == set(SERVICES)
        and tiny.wifi_is_up
        and not uploaded(tiny).exists()
        and (tiny.directory / "settled").exists()
    )


def ready(visit: Visit, lease_seconds: int = 600) -> Visit:
    return visit.claim(lease_seconds).stop("cron", "uhttpd", wifi=True).write(IMAGE)


def flash(visit: Visit, lease_seconds: int = 600) -> None:
    visit.router.flash(
        visit.fence,
        path=PATH,
        flags=["-n"],
        sha256=SHA256,
        lease_seconds=lease_seconds,
    )


def test_the_switch_gives_everything_back_when_nobody_comes(
    tiny: TinyRouter, visit: Visit
) -> None:
    ready(visit, lease_seconds=1)
    tiny.pass_time(1)
    wait_until(lambda: all_is_back(tiny), "the switch gave everything back")
    facts = visit.router.inspect()
    assert facts.switch_fired
    assert facts.owner is not None
    assert facts.owner.settled


def test_the_switch_outlives_the_session_and_a_hang_up(
    tiny: TinyRouter, visit: Visit
) -> None:
    ready(visit, lease_seconds=1)
    tiny.run(
        "for p in /proc/[0-9]*; do [ ${p#/proc/} = 1 ] || kill -HUP ${p#/proc/}; done"
    )
    tiny.pass_time(1)
    wait_until(lambda: all_is_back(tiny), "the switch gave everything back")


def test_the_switch_keeps_no_session_open(tiny: TinyRouter, visit: Visit) -> None:
    visit.claim(600)  # which ends long before the switch does


def test_an_extended_switch_does_not_fire(tiny: TinyRouter, visit: Visit) -> None:
    ready(visit, lease_seconds=2)
    for _ in range(5):
        visit.router.extend(visit.fence, lease_seconds=2)
        tiny.pass_time(1)
        time.sleep(0.8)
    assert uploaded(tiny).exists()
    assert "cron" not in tiny.services
    tiny.pass_time(1)
    wait_until(lambda: all_is_back(tiny), "it fires once nobody extends it")


def test_a_settled_switch_never_fires(tiny: TinyRouter, visit: Visit) -> None:
    ready(visit, lease_seconds=1).router.settle(visit.fence, path=PATH)
    log = tiny.lines("services.log")
    uploaded(tiny).write_bytes(b"somebody else's")
    tiny.pass_time(600)
    time.sleep(2.5)
    assert uploaded(tiny).exists()
    assert tiny.lines("services.log") == log
    assert not (tiny.directory / "fired").exists()


def test_only_the_newest_claims_switch_is_armed(tiny: TinyRouter, visit: Visit) -> None:
    ready(visit, lease_seconds=1)
    visit.next().claim(600)
    tiny.pass_time(300)
    time.sleep(2.5)
    assert not (tiny.directory / "fired").exists()


def test_a_switch_that_died_is_armed_again_by_extend(
    tiny: TinyRouter, visit: Visit
) -> None:
    ready(visit)
    watcher = (tiny.directory / "watcher").read_text().split(".")[0]
    tiny.run(f"kill -9 {watcher}")
    visit.router.extend(visit.fence, lease_seconds=1)
    tiny.pass_time(1)
    wait_until(lambda: all_is_back(tiny), "the new loop fired")


def test_a_switch_that_fired_refuses_everything_but_a_newer_claim(
    tiny: TinyRouter, visit: Visit
) -> None:
    ready(visit, lease_seconds=1)
    tiny.pass_time(1)
    wait_until(lambda: all_is_back(tiny), "it fired")
    with pytest.raises(GuardRefusedError) as caught:
        visit.write(IMAGE)
    assert caught.value.word is Refusal.FIRED
    with pytest.raises(GuardRefusedError) as caught:
        flash(visit)
    assert caught.value.word is Refusal.FIRED
    later = visit.next().claim()
    assert later.claimed.fired
    later.write(IMAGE)
    flash(later)


def test_a_fired_directory_may_be_taken_over_by_anybody(
    tiny: TinyRouter, visit: Visit
) -> None:
    ready(visit, lease_seconds=1)
    tiny.pass_time(1)
    wait_until(lambda: all_is_back(tiny), "it fired")
    Visit(tiny, installation="installation-2", operation="other").claim()


def test_a_service_that_comes_back_late_is_tried_again(
    tiny: TinyRouter, visit: Visit
) -> None:
    ready(visit, lease_seconds=1)
    (tiny.state / "broken" / "cron").touch()
    tiny.pass_time(1)
    tried = "start cron"
    wait_until(lambda: tiny.lines("services.log").count(tried) > 1, "it tries again")
    assert (tiny.directory / "fired").exists()
    assert not (tiny.directory / "settled").exists()
    (tiny.state / "broken" / "cron").unlink()
    wait_until(lambda: all_is_back(tiny), "it came back")


def test_the_switch_waits_for_somebody_elses_sysupgrade(
    tiny: TinyRouter, visit: Visit
) -> None:
    ready(visit, lease_seconds=1)
    tiny.start(f"/sbin/sysupgrade {PATH}")
    wait_until(lambda: tiny.flashes == 1, "somebody flashes our very file")
    tiny.pass_time(1)
    time.sleep(4.5)
    assert uploaded(tiny).exists()
    tiny.mark("end_flash")
    wait_until(lambda: all_is_back(tiny), "it fires afterwards")
    assert tiny.lines("flashed_without_image") == []


def test_a_flash_is_started_once_and_disarms_the_switch(
    tiny: TinyRouter, visit: Visit
) -> None:
    ready(visit, lease_seconds=1)
    flash(visit)
    wait_until(lambda: tiny.flashes == 1, "sysupgrade runs")
    with pytest.raises(GuardRefusedError) as caught:
        flash(visit)
    assert caught.value.word is Refusal.FLASH_GUARD
    tiny.pass_time(300)
    time.sleep(2.5)
    assert uploaded(tiny).exists()
    assert tiny.lines("flashes") == [f"-n {PATH}"]
    assert (tiny.root / "usr/share/flashlog.canary").read_text() == "operation-1\n"
    facts = visit.router.inspect()
    assert facts.flash.guard
    assert facts.flash.running


@pytest.mark.parametrize("copies", [20])
def test_of_many_flash_scripts_exactly_one_launches(
    tiny: TinyRouter, visit: Visit, copies: int
) -> None:
    ready(visit)
    text = render("flash", **visit.flash_inputs(SHA256))
    clients = [tiny.start(text) for _ in range(copies)]
    said = [client.communicate(timeout=60)[0].decode() for client in clients]
    assert sum("launched=1" in text for text in said) == 1
    wait_until(lambda: tiny.flashes == 1, "sysupgrade runs")
    time.sleep(2)
    assert tiny.flashes == 1


def test_a_flash_of_another_file_than_the_verified_one_is_refused(
    tiny: TinyRouter, visit: Visit
) -> None:
    ready(visit)
    visit.write(b"X", 100)
    with pytest.raises(GuardRefusedError) as caught:
        flash(visit)
    assert caught.value.word is Refusal.CHECKSUM
    uploaded(tiny).unlink()
    with pytest.raises(GuardRefusedError) as caught:
        flash(visit)
    assert caught.value.word is Refusal.MISSING_FILE
    assert tiny.flashes == 0
    assert not (tiny.directory / "flash").exists()


def test_nothing_is_settled_under_a_flash(tiny: TinyRouter, visit: Visit) -> None:
    ready(visit)
    flash(visit)
    wait_until(lambda: tiny.flashes == 1, "sysupgrade runs")
    later = visit.next()
    with pytest.raises(GuardRefusedError) as caught:
        later.router.settle(later.fence, path=PATH)
    assert caught.value.word is Refusal.FLASHING
    assert uploaded(tiny).exists()


def test_a_refused_flash_tells_why_and_is_settled(
    tiny: TinyRouter, visit: Visit
) -> None:
    tiny.mark("refuse_flash")
    ready(visit)
    flash(visit)
    wait_until(lambda: visit.router.inspect().flash.was_refused, "it was refused")
    facts = visit.router.inspect()
    assert facts.flash.status == 1
    assert facts.flash.log == ("Image metadata not present",)
    later = visit.next()
    assert later.router.settle(later.fence, path=PATH).is_complete
    assert all_is_back(tiny)
    assert not (tiny.root / "usr/share/flashlog.canary").exists()


def test_a_refused_flash_that_nobody_settles_is_given_back_by_the_router(
    tiny: TinyRouter, visit: Visit
) -> None:
    tiny.mark("refuse_flash")
    ready(visit)
    flash(visit, lease_seconds=1)
    wait_until(lambda: tiny.flashes == 1, "sysupgrade ran")
    tiny.pass_time(1)
    wait_until(lambda: all_is_back(tiny), "the router gave everything back")
    assert tiny.flashes == 1


def test_a_hung_sysupgrade_is_ended_and_settled(tiny: TinyRouter, visit: Visit) -> None:
    ready(visit)
    flash(visit)
    wait_until(lambda: tiny.flashes == 1, "sysupgrade runs")
    tiny.pass_time(3)
    later = visit.next().impatient()
    assert later.router.settle(later.fence, path=PATH).is_complete
    assert all_is_back(tiny)
    assert not visit.router.inspect().sysupgrade_running


def test_a_hung_sysupgrade_that_asked_procd_keeps_its_image(
    tiny: TinyRouter, visit: Visit
) -> None:
    tiny.mark("asks_procd")
    ready(visit)
    flash(visit)
    comm = "cat /proc/[0-9]*/comm"
    wait_until(lambda: b"ubus\n" in tiny.run(comm).stdout, "procd is asked")
    tiny.pass_time(3)
    later = visit.next().impatient()
    with pytest.raises(GuardRefusedError) as caught:
        later.router.settle(later.fence, path=PATH)
    assert caught.value.word is Refusal.FLASHING
    assert uploaded(tiny).exists()


HOLD_THE_LOCK = """
read -r stat </proc/self/stat
set -- "${stat%% *}" ${stat##*) }
ln -s "$1.${21}" /tmp/flashlog.lock
while [ ! -e /tmp/let_go ]; do sleep 0.05; done
rm -f /tmp/flashlog.lock /tmp/let_go
"""


@pytest.mark.parametrize("attempt", range(0, 8, 2))
def test_switch_and_flash_at_the_same_moment_have_one_winner(
    tiny: TinyRouter, visit: Visit, attempt: int
) -> None:
    """Both wait at the lock when the deadline passes; then it is let go."""
    ready(visit, lease_seconds=1)
    holder = tiny.start(HOLD_THE_LOCK)
    lock = tiny.tmp / "flashlog.lock"
    wait_until(lock.is_symlink, "the lock is held")
    text = render("flash", **visit.flash_inputs(SHA256))
    clients = [tiny.start(text) for _ in range(3)]
    tiny.pass_time(1)
    time.sleep(1 + attempt * 0.1)
    (tiny.tmp / "let_go").touch()
    said = [client.communicate(timeout=60)[0].decode() for client in clients]
    holder.communicate(timeout=60)
    launched = sum("launched=1" in text for text in said)
    if launched:
        assert launched == 1
        time.sleep(4.5)
        assert tiny.flashes == 1
        assert not (tiny.directory / "fired").exists()
        assert uploaded(tiny).exists()
    else:
        assert {line.splitlines()[0] for line in said} <= {
            "refused=fired",
            "refused=settled",
        }
        wait_until(lambda: all_is_back(tiny), "the switch gave everything back")
        assert tiny.flashes == 0
    assert tiny.lines("flashed_without_image") == []


@pytest.mark.parametrize("milliseconds", range(0, 60, 10))
def test_a_flash_script_killed_anywhere_flashes_once_or_never(
    tiny: TinyRouter, visit: Visit, milliseconds: int
) -> None:
    ready(visit)
    text = render("flash", **visit.flash_inputs(SHA256))
    client = tiny.start(text)
    time.sleep(milliseconds / 1000)
    lock = tiny.tmp / "flashlog.lock"
    if lock.is_symlink():
        tiny.run(f"kill -9 {str(lock.readlink()).split('.')[0]}; true")
    client.communicate(timeout=60)
    if not (tiny.directory / "flash").exists():
        flash(visit)
    time.sleep(2.5)
    tiny.pass_time(3)
    assert tiny.flashes <= 1
    if tiny.flashes == 0:
        later = visit.next().impatient()
        assert later.router.settle(later.fence, path=PATH).is_complete
        assert all_is_back(tiny)


def test_a_flash_that_could_not_be_watched_is_not_begun(
    tiny: TinyRouter, visit: Visit
) -> None:
    ready(visit)
    tiny.run("dd if=/dev/zero of=/tmp/fill bs=4096; echo x >>/tmp/fill")
    with pytest.raises(GuardRefusedError) as caught:
        flash(visit)
    assert caught.value.word is Refusal.NO_SPACE
    assert not (tiny.directory / "flash").exists()
    (tiny.tmp / "fill").unlink()
    flash(visit)
    wait_until(lambda: tiny.flashes == 1, "sysupgrade runs")
