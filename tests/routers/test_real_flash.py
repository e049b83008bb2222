"""The real router is flashed and reboots as OpenWrt does."""

from collections.abc import Iterator

import pytest

from application.simulation.setup import REVISIONS
from tests.routers.images import build_image
from tests.routers.real import RealRouter
from tests.routers.releases import quirks_of
from tests.routers.setup import Setup
from tests.routers.shell import Shell
from tests.routers.template import why_not_available
from tests.routers.watching import (
    answers,
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
RELEASES = list(REVISIONS)
QUICK = Setup(write_seconds=0.1, reboot_seconds=0.3)


def quick(release: str) -> Setup:
    return Setup(release=release, write_seconds=0.1, reboot_seconds=0.3)


@pytest.fixture
def router() -> Iterator[RealRouter]:
    with RealRouter(QUICK) as router:
        yield router


@pytest.mark.parametrize("release", RELEASES)
def test_a_flash_ends_the_session_as_the_release_does_and_counts_once(
    release: str,
) -> None:
    with logged_in(quick(release)) as (router, shell):
        before, key = router.facts(), shell.host_key
        upload(shell)
        shell.run("echo 1 >/usr/share/canary; echo 2 >/etc/openwisp/marker")
        answer = shell.run("/sbin/sysupgrade /tmp/fw.bin")
        if quirks_of(release).answers_after_procd_took_over:
            assert answer.status == 246
            assert "ubus call system sysupgrade" in answer.errors
            assert answer.errors.endswith("(Connection failed)\n")
        else:
            assert answer.status == -1
        assert eventually(lambda: not answers(router))
        assert back_with_new_boot_id(router, before.boot_id)
        after = router.facts()
        assert (after.release, after.revision) == ("23.05.5", "r24106-10cc5fcd00")
        assert after.uuid == before.uuid
        assert router.flashes == 1
        with Shell(router) as again:
            if release >= "21.02":
                assert again.host_key == key
            assert float(again.run("cat /proc/uptime").output.split()[0]) < 60
            assert again.run("cat /tmp/fw.bin /usr/share/canary").status == 1
            assert again.run("cat /etc/openwisp/marker").output == "2\n"


def test_a_detached_flash_needs_no_session(router: RealRouter) -> None:
    before = router.facts().boot_id
    with Shell(router) as shell:
        upload(shell)
        start = "(sleep 1; /sbin/sysupgrade /tmp/fw.bin) >/tmp/su.log 2>&1 </dev/null &"
        assert shell.run(start).status == 0
    assert back_with_new_boot_id(router, before)
    assert router.flashes == 1


def test_a_flash_without_configuration_forgets_who_the_router_was() -> None:
    with logged_in(QUICK) as (router, shell):
        before, key = router.facts(), shell.host_key
        upload(shell, build_image(compat_version="1.1"))
        shell.run("sysupgrade -n /tmp/fw.bin")
        router.password = ""
        assert back_with_new_boot_id(router, before.boot_id)
        assert router.facts().uuid is None
        assert router.facts().macs == before.macs
        assert router.facts().compat_version == "1.1"
        with Shell(router) as again:
            assert again.host_key != key


def test_a_flash_with_the_overlay_keeps_everything(router: RealRouter) -> None:
    before = router.facts().boot_id
    with Shell(router) as shell:
        upload(shell)
        shell.run("echo 1 >/usr/share/canary; sysupgrade -o /tmp/fw.bin")
    assert back_with_new_boot_id(router, before)
    assert router.read_file("/usr/share/canary") == b"1\n"


def test_changed_files_of_etc_are_kept_with_c_alone() -> None:
    for option, kept in (("", None), ("-c", b"1\n")):
        with logged_in(QUICK) as (router, shell):
            before = router.facts().boot_id
            upload(shell)
            shell.run(f"echo 1 >/etc/mine; sysupgrade {option} /tmp/fw.bin")
            assert back_with_new_boot_id(router, before)
            assert router.read_file("/etc/mine") == kept
            assert router.facts().revision == "r24106-10cc5fcd00"


def test_a_reboot_empties_tmp_and_keeps_the_host_key(router: RealRouter) -> None:
    before = router.facts().boot_id
    with Shell(router) as shell:
        key = shell.host_key
        shell.run("/etc/init.d/cron stop; wifi down; echo 1 >/tmp/file")
        shell.run("(while :; do sleep 1; done) >/dev/null 2>&1 </dev/null &")
        router.reboot()
    assert router.facts().boot_id != before
    assert router.files_in_tmp() == set()
    assert "cron" in router.services_running()
    assert router.wifi_is_up()
    with Shell(router) as shell:
        assert shell.host_key == key
        assert shell.run("pgrep -f while").status == 1
    assert router.flashes == 0


def test_the_reboot_command_reboots(router: RealRouter) -> None:
    before = router.facts().boot_id
    with Shell(router) as shell:
        shell.run("reboot")
    assert back_with_new_boot_id(router, before)


def test_time_can_be_made_to_pass(router: RealRouter) -> None:
    with Shell(router) as shell:
        before = float(shell.run("cat /proc/uptime").output.split()[0])
        router.pass_time(1000)
        shell.run("sync")
        after = float(shell.run("cat /proc/uptime").output.split()[0])
        assert after > before + 1000
