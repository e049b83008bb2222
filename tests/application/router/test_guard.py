"""What the router's guard refuses, and that it lets one at a time in."""

import signal
import subprocess
import time
from collections.abc import Callable
from uuid import uuid4

import msgspec
import pytest

from application.router.owed import NOTHING_OWED
from application.router.refusals import GuardRefusedError, Refusal
from application.scripts import SCRIPTS, _lines, render
from tests.application.router.conftest import PATH, Visit, uploaded
from tests.application.router.tiny import SERVICES, TinyRouter, wait_until

pytestmark = pytest.mark.real_router

GUARDED = [name for name, script in SCRIPTS.items() if script.guarded]
INPUTS: dict[str, str | int] = {
    "path": PATH,
    "lease_seconds": 600,
    "previous": "",
    "services": "cron uhttpd",
    "wifi": 1,
    "settle_seconds": 1,
    "offset": 0,
    "flags": "",
    "sha256": "0" * 64,
    "canary": "/usr/share/flashlog.canary",
    "wait_seconds": 1,
    "hung_seconds": 90,
    "marker_sha256": "1" * 64,
    **NOTHING_OWED.inputs(),
}
CLAIMING = {"claim", "settle", "conclude"}


def send(visit: Visit, name: str) -> str:
    """Send a guarded script with this visit's fence; return its output."""
    inputs = {**INPUTS, **visit.fence.inputs()}
    declared = SCRIPTS[name].all_inputs
    return visit.tiny.script(
        name, b"late bytes", **{key: inputs[key] for key in declared}
    )


def refusal(output: str) -> str:
    lines = output.splitlines()
    return lines[0].removeprefix("refused=") if lines else ""


def everything(tiny: TinyRouter) -> object:
    """All that a script could have changed."""
    return (
        {
            str(file.relative_to(tiny.tmp)): file.read_bytes()
            if file.is_file()
            else b""
            for file in tiny.tmp.rglob("*")
            if not file.name.startswith("flashlog.lock")
        },
        tiny.services,
        tiny.wifi_is_up,
        tiny.lines("services.log"),
        tiny.flashes,
        sorted(str(file) for file in (tiny.root / "etc").rglob("*")),
        sorted(str(file) for file in (tiny.root / "usr/share").rglob("*")),
    )


@pytest.mark.parametrize("name", GUARDED)
def test_a_late_copy_after_a_reboot_does_nothing(
    tiny: TinyRouter, visit: Visit, name: str
) -> None:
    visit.claim().write(b"image")
    tiny.boot()
    before = everything(tiny)
    assert refusal(send(visit, name)) == "rebooted"
    assert everything(tiny) == before


@pytest.mark.parametrize("name", GUARDED)
def test_a_late_copy_of_an_older_visit_does_nothing(
    tiny: TinyRouter, visit: Visit, name: str
) -> None:
    visit.claim().write(b"image")
    visit.next().claim()
    before = everything(tiny)
    assert refusal(send(visit, name)) == "newer-visit"
    assert everything(tiny) == before


@pytest.mark.parametrize("name", sorted(set(GUARDED) - {"conclude"}))
def test_a_late_copy_after_a_newer_visit_settled_does_nothing(
    tiny: TinyRouter, visit: Visit, name: str
) -> None:
    visit.claim().stop("cron").write(b"image")
    later = visit.next()
    later.router.settle(later.fence, path=PATH)
    before = everything(tiny)
    assert refusal(send(visit, name)) == "newer-visit"
    assert everything(tiny) == before


@pytest.mark.parametrize("name", sorted(set(GUARDED) - {"settle", "conclude"}))
def test_a_late_copy_after_the_same_visit_settled_does_nothing(
    tiny: TinyRouter, visit: Visit, name: str
) -> None:
    visit.claim().stop("cron")
    visit.router.settle(visit.fence, path=PATH)
    before = everything(tiny)
    assert refusal(send(visit, name)) == "settled"
    assert everything(tiny) == before


@pytest.mark.parametrize("name", sorted(set(GUARDED) - {"conclude"}))
def test_a_late_copy_of_an_operation_that_was_taken_over_does_nothing(
    tiny: TinyRouter, visit: Visit, name: str
) -> None:
    visit.claim().router.settle(visit.fence, path=PATH)
    newer = Visit(tiny, operation="operation-2").claim()
    late = Visit(tiny, visit=99)
    before = everything(tiny)
    assert refusal(send(late, name)) == "foreign"
    assert everything(tiny) == before
    newer.router.settle(newer.fence, path=PATH)
    before = everything(tiny)
    assert refusal(send(late, name)) == "foreign"
    assert everything(tiny) == before


@pytest.mark.parametrize("name", sorted(set(GUARDED) - CLAIMING))
def test_a_script_of_who_never_claimed_does_nothing(
    tiny: TinyRouter, visit: Visit, name: str
) -> None:
    before = everything(tiny)
    assert refusal(send(visit, name)) == "gone"
    assert everything(tiny) == before


@pytest.mark.parametrize("name", GUARDED)
def test_another_installation_is_kept_out(
    tiny: TinyRouter, visit: Visit, name: str
) -> None:
    Visit(tiny, installation="installation-2", operation="o").claim().stop("cron")
    before = everything(tiny)
    assert refusal(send(visit, name)) == "foreign"
    assert everything(tiny) == before


@pytest.mark.parametrize("name", GUARDED)
def test_somebody_elses_sysupgrade_keeps_everybody_out(
    tiny: TinyRouter, visit: Visit, name: str
) -> None:
    visit.claim().write(b"image")
    tiny.start("/sbin/sysupgrade /tmp/other.bin")
    wait_until(lambda: tiny.flashes == 1, "it runs")
    before = everything(tiny)
    assert refusal(send(visit, name)) == "sysupgrade"
    assert everything(tiny) == before
    assert visit.router.inspect().sysupgrade_running


def test_a_test_or_a_backup_of_somebody_else_keeps_nobody_out(
    tiny: TinyRouter, visit: Visit
) -> None:
    tiny.mark("hang_test")
    tiny.start("/sbin/sysupgrade -T /tmp/other.bin")
    wait_until((tiny.tmp / "sysupgrade.meta").exists, "it runs")
    visit.claim()


def test_what_an_older_operation_owes_is_named(tiny: TinyRouter, visit: Visit) -> None:
    visit.claim().stop("cron").write(b"image")
    newer = Visit(tiny, operation="operation-2")
    with pytest.raises(GuardRefusedError) as caught:
        newer.claim()
    assert (caught.value.word, caught.value.detail) == (Refusal.OWED, "operation-1")
    assert "cron" not in tiny.services


def test_naming_the_older_operation_gives_back_first(
    tiny: TinyRouter, visit: Visit
) -> None:
    visit.claim().stop("cron", wifi=True).write(b"image")
    newer = Visit(tiny, operation="operation-2").claim(previous="operation-1")
    assert newer.claimed.restored == ("cron",)
    assert tiny.services == set(SERVICES)
    assert tiny.wifi_is_up
    assert not uploaded(tiny).exists()


def test_what_cannot_be_given_back_is_owed_by_the_newer_operation(
    tiny: TinyRouter, visit: Visit
) -> None:
    visit.claim().stop("cron")
    (tiny.state / "broken" / "cron").touch()
    newer = Visit(tiny, operation="operation-2").claim(previous="operation-1")
    assert newer.claimed.not_restored == ("cron",)
    (tiny.state / "broken" / "cron").unlink()
    assert newer.router.settle(newer.fence, path=PATH).restored == ("cron",)


def test_a_directory_of_an_earlier_boot_counts_for_nothing(
    tiny: TinyRouter, visit: Visit
) -> None:
    visit.claim()
    (tiny.directory / "boot_id").write_text(f"{uuid4()}\n")
    (tiny.directory / "visit").write_text("77\n")
    visit.claim()
    assert (tiny.directory / "visit").read_text() == "1\n"


def test_a_full_tmp_refuses_the_claim_and_leaves_nothing(
    tiny: TinyRouter, visit: Visit
) -> None:
    tiny.run("dd if=/dev/zero of=/tmp/fill bs=65536; echo x >>/tmp/fill")
    with pytest.raises(GuardRefusedError) as caught:
        visit.claim()
    assert caught.value.word is Refusal.NO_SPACE
    assert not tiny.directory.exists()


def lock_holder(tiny: TinyRouter) -> str:
    link = tiny.tmp / "flashlog.lock"
    return str(link.readlink()) if link.is_symlink() else ""


def test_the_lock_of_a_killed_script_is_taken_over(
    tiny: TinyRouter, visit: Visit
) -> None:
    visit.claim().write(b"image")
    tiny.mark("hang_test")
    tiny.start(render("test_image", **visit.fence.inputs(), path=PATH, flags=""))
    wait_until((tiny.tmp / "sysupgrade.meta").exists, "the test hangs")
    tiny.run(f"kill -9 {lock_holder(tiny).split('.')[0]}")
    assert lock_holder(tiny)
    visit.next().claim()
    assert lock_holder(tiny) == ""


def test_a_process_id_that_came_back_does_not_hold_the_lock(
    tiny: TinyRouter, visit: Visit
) -> None:
    (tiny.tmp / "flashlog.lock").symlink_to("1.1")  # process 1 lives, but began later
    visit.claim()


def test_a_living_holder_is_waited_for_and_then_the_script_refuses(
    tiny: TinyRouter, visit: Visit
) -> None:
    visit.claim().write(b"image")
    tiny.mark("hang_test")
    tiny.start(render("test_image", **visit.fence.inputs(), path=PATH, flags=""))
    wait_until((tiny.tmp / "sysupgrade.meta").exists, "the test hangs")
    with pytest.raises(GuardRefusedError) as caught:
        visit.next().claim()
    assert caught.value.word is Refusal.BUSY


CRITICAL = """
lock
mkdir /tmp/inside || echo "overlap"
cat /dev/null
echo x >>/tmp/entered
rmdir /tmp/inside
"""


@pytest.mark.parametrize("stale", ["", "77777.1"])
def test_of_many_scripts_one_at_a_time_is_inside(tiny: TinyRouter, stale: str) -> None:
    tiny.stop_clock()  # nobody waits in vain, however long it takes
    text = f"{_lines('state')}\n{_lines('guard')}\n{CRITICAL}"
    for round_number in range(1, 6):
        if stale:
            (tiny.tmp / "flashlog.lock").symlink_to(stale)
        clients = [tiny.start(text) for _ in range(12)]
        said = [client.communicate(timeout=60) for client in clients]
        assert said == [(b"", b"")] * len(clients)
        entered = (tiny.tmp / "entered").read_text().splitlines()
        assert len(entered) == 12 * round_number
        assert not list(tiny.tmp.glob("flashlog.lock*"))


def test_a_script_goes_on_when_its_session_ends(tiny: TinyRouter, visit: Visit) -> None:
    visit.claim().stop("cron", "uhttpd")
    tiny.mark("slow_start")
    client = tiny.start(
        render(
            "settle",
            **visit.fence.inputs(),
            path=PATH,
            wait_seconds=2,
            hung_seconds=90,
            **NOTHING_OWED.inputs(),
        )
    )
    wait_until(lambda: "start cron" in tiny.lines("services.log"), "it starts services")
    assert client.stdout is not None
    client.stdout.close()
    tiny.run(f"kill -HUP {lock_holder(tiny).split('.')[0]}")
    (tiny.state / "slow_start").unlink()
    wait_until((tiny.directory / "settled").exists, "it settled all the same")
    assert tiny.services == set(SERVICES)


@pytest.mark.parametrize("competitors", [2, 8])
def test_visits_that_race_for_the_claim_end_with_the_newest(
    tiny: TinyRouter, visit: Visit, competitors: int
) -> None:
    tiny.stop_clock()
    visits = [visit]
    for _ in range(competitors - 1):
        visits.append(visits[-1].next())
    clients = [
        tiny.start(
            render(
                "claim",
                **each.fence.inputs(),
                path=PATH,
                lease_seconds=600,
                previous="",
                **NOTHING_OWED.inputs(),
            )
        )
        for each in visits
    ]
    said = [client.communicate(timeout=60)[0].decode() for client in clients]
    assert refusal(said[-1]) != "newer-visit"
    assert (tiny.directory / "visit").read_text() == f"{competitors}\n"
    for name in ("write", "flash", "stop_services"):
        for older in visits[:-1]:
            assert refusal(send(older, name)) == "newer-visit"


def test_operations_that_race_for_the_claim_have_one_winner(tiny: TinyRouter) -> None:
    tiny.stop_clock()
    visits = [Visit(tiny, operation=f"operation-{n}") for n in range(8)]
    clients = [
        tiny.start(
            render(
                "claim",
                **each.fence.inputs(),
                path=PATH,
                lease_seconds=600,
                previous="",
                **NOTHING_OWED.inputs(),
            )
        )
        for each in visits
    ]
    said = [refusal(client.communicate(timeout=60)[0].decode()) for client in clients]
    assert said.count("owed") == len(visits) - 1


def kill_at_random(
    tiny: TinyRouter,
    start: Callable[[], "subprocess.Popen[bytes]"],
    after_seconds: float,
) -> None:
    client = start()
    time.sleep(after_seconds)
    holder = lock_holder(tiny)
    if holder:
        tiny.run(f"kill -9 {holder.split('.')[0]}; true")
    client.send_signal(signal.SIGKILL)
    client.communicate()


@pytest.mark.parametrize("milliseconds", range(0, 40, 8))
def test_a_script_killed_anywhere_leaves_what_a_newer_visit_can_settle(
    tiny: TinyRouter, visit: Visit, milliseconds: int
) -> None:
    visit.claim()
    text = render(
        "stop_services",
        **visit.fence.inputs(),
        path=PATH,
        services="cron uhttpd rpcd dnsmasq",
        wifi=1,
        settle_seconds=1,
    )
    kill_at_random(tiny, lambda: tiny.start(text), milliseconds / 1000)
    later = visit.next()
    settled = later.router.settle(later.fence, path=PATH)
    assert settled.is_complete
    assert tiny.services == set(SERVICES)
    assert tiny.wifi_is_up


def test_the_boot_id_is_the_first_thing_that_counts(visit: Visit) -> None:
    visit.claim()
    visit.fence = msgspec.structs.replace(visit.fence, boot_id=str(uuid4()))
    with pytest.raises(GuardRefusedError) as caught:
        visit.router.extend(visit.fence, lease_seconds=1)
    assert caught.value.word is Refusal.REBOOTED
