"""Every fault of the face, on the real router."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest

from tests.routers import face
from tests.routers.images import build_image
from tests.routers.real import RealRouter
from tests.routers.setup import Setup
from tests.routers.shell import Shell
from tests.routers.template import why_not_available
from tests.routers.watching import (
    answers,
    available_kb,
    back_with_new_boot_id,
    eventually,
    logged_in,
    upload,
)

pytestmark = [
    pytest.mark.real_router,
    pytest.mark.skipif(
        why_not_available() is not None, reason=why_not_available() or ""
    ),
]
QUICK = Setup(write_seconds=0.1, reboot_seconds=0.3)


@pytest.fixture
def router() -> Iterator[RealRouter]:
    with RealRouter(QUICK) as router:
        yield router


def flash(router: RealRouter, options: str = "") -> None:
    with Shell(router) as shell:
        upload(shell)
        shell.run(f"sysupgrade {options} /tmp/fw.bin")


# --- what the router is ------------------------------------------------------------


def test_a_missing_uuid_is_missing() -> None:
    with logged_in(faults=[face.MissingUuid()]) as (router, shell):
        assert shell.run("uci get openwisp.http.uuid").status == 1
        assert router.facts().uuid is None


def test_a_wrong_uuid_is_told(router: RealRouter) -> None:
    router.inject(face.WrongUuid("1111"))
    with Shell(router) as shell:
        assert shell.run("uci get openwisp.http.uuid").output == "1111\n"


def test_another_router_may_come_back(router: RealRouter) -> None:
    before = router.facts()
    router.inject(face.WrongUuid("1111", after_flash=True))
    assert router.facts() == before
    flash(router)
    assert back_with_new_boot_id(router, before.boot_id)
    assert router.facts().uuid == "1111"


def test_a_changed_host_key_is_shown_to_the_next_connection(
    router: RealRouter,
) -> None:
    with Shell(router) as shell:
        old = shell.host_key
        router.inject(face.ChangedHostKey())
        assert shell.run("true").status == 0
    with Shell(router) as shell:
        assert shell.host_key != old


@pytest.mark.parametrize("release", ["19.07.10", "23.05.4"])
def test_a_host_key_may_change_with_the_flash(release: str) -> None:
    setup = Setup(release=release, write_seconds=0.1, reboot_seconds=0.3)
    fault = face.ChangedHostKey(after_flash=True)
    with RealRouter(setup, [fault]) as router:
        before = router.facts().boot_id
        with Shell(router) as shell:
            old = shell.host_key
        flash(router)
        assert back_with_new_boot_id(router, before)
        with Shell(router) as shell:
            assert shell.host_key != old


# --- memory and room ---------------------------------------------------------------


def test_low_memory_is_enough_once_services_stop() -> None:
    with logged_in(faults=[face.LowMemory()]) as (_, shell):
        assert available_kb(shell) == 3000
        shell.run("for s in uhttpd rpcd cron; do /etc/init.d/$s stop; done")
        assert eventually(lambda: available_kb(shell) == 3000 + 3 * 4000)


def test_low_memory_may_stay_low() -> None:
    fault = face.LowMemory(recoverable=False)
    with logged_in(faults=[fault]) as (_, shell):
        shell.run("for s in /etc/init.d/*; do $s stop; done; sleep 1")
        assert available_kb(shell) == 3000


def test_a_full_tmp_has_room_for_next_to_nothing() -> None:
    with logged_in(faults=[face.FullTmp(room_kb=64)]) as (router, shell):
        memory = available_kb(shell)
        assert memory == QUICK.memory_available_kb
        answer = shell.run("cat > /tmp/fw.bin", bytes(1 << 17))
        assert answer.status == 1
        assert "No space left on device" in answer.errors
        assert router.files_in_tmp() == {"fw.bin"}


# --- the wire ----------------------------------------------------------------------


def test_a_cut_ends_every_connection_once_the_bytes_are_there(
    router: RealRouter,
) -> None:
    router.inject(face.CutAtByte(1 << 20))
    with Shell(router) as shell:
        with pytest.raises((OSError, EOFError, paramiko.SSHException)):
            upload(shell, bytes(4 << 20))
        assert eventually(lambda: not shell.transport.is_active())
    with Shell(router) as shell:
        size = int(shell.run("wc -c </tmp/fw.bin").output)
        # A little was still on its way through dropbear when it was cut.
        assert (1 << 20) - (1 << 17) <= size < 2 << 20
        upload(shell, bytes(4 << 20))


def test_a_stall_keeps_the_connection_open_and_silent(router: RealRouter) -> None:
    router.inject(face.StallAtByte(1 << 20))
    with Shell(router) as shell:
        channel = shell.transport.open_session()
        channel.settimeout(1.0)
        channel.exec_command("cat > /tmp/fw.bin")
        with pytest.raises(TimeoutError):
            channel.sendall(bytes(4 << 20))
        assert shell.transport.is_active()
        with Shell(router) as other:
            assert other.run("true").status == 0


def test_a_cut_network_is_silence_until_it_is_restored(router: RealRouter) -> None:
    with Shell(router) as shell:
        channel = shell.transport.open_session()
        channel.exec_command("read -r line; echo $line")
        router.cut_network()
        assert eventually(lambda: not answers(router))
        channel.sendall(b"hello\n")
        assert not channel.recv_ready()
        router.restore_network()
        assert channel.makefile("rb").read() == b"hello\n"
        assert answers(router)


def test_the_round_trip_takes_its_time() -> None:
    with logged_in(Setup(round_trip_seconds=0.2)) as (_, shell):
        begun = time.monotonic()
        shell.run("true")
        assert time.monotonic() - begun >= 0.4


# --- the flash ---------------------------------------------------------------------


def test_a_corrupt_image_is_refused_and_nothing_is_flashed(router: RealRouter) -> None:
    router.inject(face.CorruptImage())
    with Shell(router) as shell:
        upload(shell)
        assert shell.run("sysupgrade -T /tmp/fw.bin").status == 1
        assert shell.run("sysupgrade /tmp/fw.bin").status == 1
        assert shell.run("sysupgrade -T /tmp/fw.bin").status == 1
    assert router.flashes == 0


@pytest.mark.parametrize(("release", "status"), [("21.02.7", 8), ("23.05.4", 248)])
def test_procd_may_refuse_the_flash(release: str, status: int) -> None:
    with logged_in(Setup(release=release), [face.RefuseFlash()]) as (router, shell):
        before = router.facts()
        upload(shell)
        assert shell.run("sysupgrade -T /tmp/fw.bin").status == 0
        answer = shell.run("sysupgrade /tmp/fw.bin")
        assert answer.status == status
        assert "Operation not supported" in answer.errors
        assert shell.run("true").status == 0
        assert (router.flashes, router.facts()) == (0, before)


def test_a_session_may_hang_at_the_flash_while_the_router_comes_back(
    router: RealRouter,
) -> None:
    router.inject(face.HangAtFlash())
    before = router.facts().boot_id
    with Shell(router) as shell:
        upload(shell)
        channel = shell.transport.open_session()
        channel.exec_command("sysupgrade /tmp/fw.bin")
        assert back_with_new_boot_id(router, before)
        assert shell.transport.is_active()
        assert not channel.exit_status_ready()
    assert router.flashes == 1


def test_a_router_may_never_come_back(router: RealRouter) -> None:
    router.inject(face.NeverBack())
    flash(router)
    assert eventually(lambda: router.flashes == 1)
    assert eventually(lambda: not router.process_ids())
    assert not answers(router)


def test_a_router_may_come_back_on_another_address(router: RealRouter) -> None:
    router.inject(face.BackOnAnotherAddress())
    before = router.facts().boot_id
    flash(router)
    assert back_with_new_boot_id(router, before, router.other_host)
    assert not answers(router)


def test_a_router_may_come_back_with_its_old_firmware(router: RealRouter) -> None:
    router.inject(face.BackWithOldFirmware())
    before = router.facts()
    with Shell(router) as shell:
        shell.run("echo 1 >/root/canary")
    flash(router)
    assert back_with_new_boot_id(router, before.boot_id)
    assert router.facts().revision == before.revision
    assert router.flashes == 1
    assert router.read_file("/root/canary") == b"1\n"


def test_a_router_may_come_back_with_firmware_of_its_own(router: RealRouter) -> None:
    fault = face.BackWithOtherFirmware()
    router.inject(fault)
    before = router.facts()
    flash(router)
    assert back_with_new_boot_id(router, before.boot_id)
    assert router.facts().revision == fault.revision


# --- nothing is left behind ----------------------------------------------------------


def test_the_end_of_a_router_is_the_end_of_its_processes(router: RealRouter) -> None:
    with RealRouter(QUICK) as other:
        with Shell(other) as shell:
            shell.run("(while :; do sleep 1; done) >/dev/null 2>&1 </dev/null &")
        ids = other.process_ids()
        assert len(ids) > 2
    assert eventually(lambda: not any(map(is_alive, ids)))


def test_a_killed_rig_leaves_no_process_of_its_router() -> None:
    program = (
        "import time; from tests.routers.real import RealRouter\n"
        "with RealRouter() as r:\n"
        " print(*r.process_ids(), flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    ) as rig:
        assert rig.stdout is not None
        ids = [int(word) for word in rig.stdout.readline().split()]
        assert len(ids) > 2
        rig.send_signal(signal.SIGKILL)
    assert eventually(lambda: not any(map(is_alive, ids)))


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()


def test_an_image_of_any_size_has_that_size() -> None:
    assert len(build_image(size=100_000)) == 100_000
