"""The real router behaves as OpenWrt does where an upgrader can tell."""

import io
import tarfile
from collections.abc import Iterator

import paramiko
import pytest

from tests.routers.images import Damage, build_image
from tests.routers.real import RealRouter
from tests.routers.releases import REVISIONS, quirks_of
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
RELEASES = list(REVISIONS)


@pytest.fixture
def router() -> Iterator[RealRouter]:
    with RealRouter() as router:
        yield router


# --- the shell ---------------------------------------------------------------------


def test_root_logs_in_with_the_password_and_nobody_with_another(
    router: RealRouter,
) -> None:
    with Shell(router) as shell:
        assert shell.run("echo $USER $PATH").output == (
            "root /usr/sbin:/usr/bin:/sbin:/bin\n"
        )
    router.password = "wrong"
    with pytest.raises(paramiko.AuthenticationException):
        Shell(router)


def test_root_logs_in_with_an_authorized_key() -> None:
    key = paramiko.ECDSAKey.generate()
    setup = Setup(authorized_keys=[f"{key.get_name()} {key.get_base64()}"])
    with RealRouter(setup) as router, Shell(router, key=key) as shell:
        assert shell.run("true").status == 0


def test_an_empty_password_lets_anybody_in() -> None:
    with logged_in(Setup(password="")) as (_, shell):
        assert shell.run("true").status == 0


@pytest.mark.parametrize(
    "applet", ["stat", "timeout", "nohup", "setsid", "base64", "od", "truncate", "bash"]
)
def test_the_shell_has_no_applet_that_openwrt_lacks(
    applet: str, router: RealRouter
) -> None:
    with Shell(router) as shell:
        assert shell.run(f"{applet} /").status == 127


@pytest.mark.parametrize(
    "command", ["sleep 0.1", "dd status=none", "find / -delete", "date +%N"]
)
def test_applets_refuse_what_openwrt_is_built_without(
    command: str, router: RealRouter
) -> None:
    with Shell(router) as shell:
        assert shell.run(command).status == 1


def test_background_loops_are_seen_by_kill_and_ps(router: RealRouter) -> None:
    with Shell(router) as shell:
        start = "(while :; do sleep 1; done) >/dev/null 2>&1 </dev/null & echo $!"
        pid = shell.run(start).output.strip()
        assert shell.run(f"kill -0 {pid}; echo $?").output == "0\n"
        assert f"{pid} root" in shell.run("ps w").output
        shell.run(f"kill -9 {pid}")
        assert eventually(lambda: shell.run(f"kill -0 {pid}").status == 1)


def test_every_command_line_is_recorded_scripts_by_name(router: RealRouter) -> None:
    with Shell(router) as shell:
        shell.run("# flashlog inspect\npath='/tmp/x'\ntrue")
        shell.run("echo 'it''s'; exit 3")
    assert router.commands == ["inspect", "echo 'it''s'; exit 3"]
    assert router.command_texts[0].endswith("\ntrue")


# --- what it says about itself -------------------------------------------------------


def test_it_says_what_it_is(router: RealRouter) -> None:
    facts = router.facts()
    with Shell(router) as shell:
        board = shell.run("ubus call system board").output
        assert f'"board_name": "{facts.board}"' in board
        assert f'"revision": "{facts.revision}"' in board
        assert shell.run("cat /tmp/sysinfo/model").output == f"{facts.model}\n"
        assert shell.run("cat /etc/openwrt_version").output == f"{facts.revision}\n"
        assert shell.run("uci get openwisp.http.uuid").output == f"{facts.uuid}\n"
        boot_id = shell.run("cat /proc/sys/kernel/random/boot_id").output
        assert boot_id == f"{facts.boot_id}\n"
        macs = shell.run("cat /sys/class/net/*/address").output.split()
        assert {*facts.macs} <= {*macs}
        assert " dev eth1 " in shell.run("ip route get ${SSH_CLIENT%% *}").output


def test_uci_tells_and_keeps_what_is_committed(router: RealRouter) -> None:
    with Shell(router) as shell:
        missing = shell.run("uci get flashlog.device.uuid")
        assert (missing.status, missing.errors) == (1, "uci: Entry not found\n")
        assert shell.run("uci -q get flashlog.device.uuid").errors == ""
        assert shell.run("uci -q get system.@system[0].compat_version").status == 1
        done = shell.run(
            "touch /etc/config/flashlog; uci set flashlog.device=device && "
            "uci set flashlog.device.uuid='a b' && uci commit flashlog"
        )
        assert (done.status, done.errors) == (0, "")
        assert shell.run("uci get flashlog.device.uuid").output == "a b\n"
        assert shell.run("uci get flashlog.@device[0].uuid").output == "a b\n"
        assert shell.run("uci get system.@system[0].hostname").output == "OpenWrt\n"
    kept = router.read_file("/etc/config/flashlog")
    assert kept == b"config device 'device'\n\toption uuid 'a b'\n"


def test_a_service_that_stops_gives_its_memory_back(router: RealRouter) -> None:
    with Shell(router) as shell:
        before = available_kb(shell)
        assert shell.run("/etc/init.d/uhttpd stop").status == 0
        listed = shell.run("""ubus call service list '{"name":"uhttpd"}'""").output
        assert listed == "{}\n"
        assert shell.run("/etc/init.d/uhttpd running").status == 1
        assert "uhttpd" not in router.services_running()
        assert eventually(lambda: available_kb(shell) > before)
        shell.run("/etc/init.d/uhttpd start")
        assert eventually(lambda: available_kb(shell) == before)


def test_before_21_02_running_says_yes_whatever_the_state() -> None:
    with logged_in(Setup(release="19.07.10")) as (_, shell):
        answer = shell.run("/etc/init.d/uhttpd stop; /etc/init.d/uhttpd running")
        assert answer.status == 0
        assert answer.output.startswith("Syntax:")


def test_a_file_in_tmp_lowers_the_available_memory_by_its_size(
    router: RealRouter,
) -> None:
    with Shell(router) as shell:
        before = available_kb(shell)
        upload(shell, bytes(1 << 20))
        assert eventually(lambda: available_kb(shell) == before - 1024)
        assert router.files_in_tmp() == {"fw.bin"}
        shell.run("rm -rf /tmp/fw.bin /tmp/opkg-lists; sync")
        assert available_kb(shell) == before + 600


def test_wifi_goes_down_and_up_with_its_interface(router: RealRouter) -> None:
    with Shell(router) as shell:
        shell.run("wifi down")
        assert not router.wifi_is_up()
        assert shell.run("ls /sys/class/net").output.split() == [
            "br-lan",
            "eth0",
            "eth1",
            "lo",
        ]
        status = shell.run("ubus call network.wireless status").output
        assert '"up": false' in status
        shell.run("wifi up")
        assert router.wifi_is_up()
        assert shell.run("cat /sys/class/net/wlan0/phy80211").status == 1


# --- the image test ------------------------------------------------------------------


@pytest.mark.parametrize("release", RELEASES)
def test_the_image_test_is_silent_about_a_good_image(release: str) -> None:
    with logged_in(Setup(release=release)) as (router, shell):
        upload(shell)
        answer = shell.run("/sbin/sysupgrade -T /tmp/fw.bin")
        assert (answer.status, answer.output, answer.errors) == (0, "", "")
        assert router.files_in_tmp() == {"fw.bin", "sysupgrade.meta"}


@pytest.mark.parametrize("release", RELEASES)
def test_the_image_test_refuses_another_board_in_the_words_of_the_release(
    release: str,
) -> None:
    quirks = quirks_of(release)
    with logged_in(Setup(release=release)) as (_, shell):
        upload(shell, build_image("other,board"))
        answer = shell.run("/sbin/sysupgrade -T /tmp/fw.bin")
        said = answer.errors if quirks.complains_on_stderr else answer.output
        assert answer.status == 1
        assert "Device tplink,archer-c7-v5 not supported by this image" in said
        assert "Supported devices: other,board" in said
        last = said.splitlines()[-1]
        assert last.endswith("failed.")
        assert (" upgrade: " in last) == quirks.dates_its_lines


@pytest.mark.parametrize(
    "damage", ["truncated", "bit-flipped", "no-metadata", "empty", "html"]
)
def test_every_damage_that_the_metadata_shows_gets_the_same_words(
    damage: Damage, router: RealRouter
) -> None:
    with Shell(router) as shell:
        upload(shell, build_image(corrupt=damage))
        answer = shell.run("sysupgrade --test /tmp/fw.bin")
        missing = shell.run("sysupgrade --test /tmp/missing.bin")
        for refusal in (answer, missing):
            assert refusal.status == 1
            assert "upgrade: Image metadata not present\n" in refusal.errors
        verdict = shell.run(
            """ubus call system validate_firmware_image '{"path":"/tmp/fw.bin"}'"""
        )
        assert verdict.status == 0
        assert '"valid": false' in verdict.output


def test_a_damaged_payload_under_a_right_checksum_passes(router: RealRouter) -> None:
    with Shell(router) as shell:
        upload(shell, build_image(corrupt="payload"))
        assert shell.run("sysupgrade -T /tmp/fw.bin").status == 0


def test_another_minor_compat_version_passes_without_the_configuration(
    router: RealRouter,
) -> None:
    with Shell(router) as shell:
        upload(shell, build_image(compat_version="1.1", compat_message="New layout."))
        refusal = shell.run("sysupgrade -T /tmp/fw.bin")
        assert refusal.status == 1
        assert "config is incompatible to the new image (1.0->1.1)" in refusal.errors
        assert "New layout." in refusal.errors
        assert shell.run("sysupgrade -T -n /tmp/fw.bin").status == 0
        upload(shell, build_image(compat_version="2.0"))
        assert shell.run("sysupgrade -T -n /tmp/fw.bin").status == 1
        forced = shell.run("sysupgrade -T -F /tmp/fw.bin")
        assert forced.status == 0
        assert "but --force given - will update anyway!" in forced.errors


@pytest.mark.parametrize("option", ["-u", "-o", "-k"])
def test_18_06_does_not_know_the_later_options(option: str) -> None:
    with logged_in(Setup(release="18.06.9")) as (_, shell):
        answer = shell.run(f"sysupgrade -T {option} /tmp/fw.bin")
        assert (answer.status, answer.output) == (1, f"Invalid option: {option}\n")
        call = "ubus call system validate_firmware_image '{}'"
        assert shell.run(call).status == 3


def test_a_backup_holds_the_configuration(router: RealRouter) -> None:
    with Shell(router) as shell:
        channel = shell.transport.open_session()
        channel.exec_command("sysupgrade -b -")
        archive = channel.makefile("rb").read()
        assert channel.recv_exit_status() == 0
    with tarfile.open(fileobj=io.BytesIO(archive)) as names:
        kept = set(names.getnames())
    assert {"etc/config/openwisp", "etc/shadow"} <= kept
    assert router.files_in_tmp() == set()


# --- the flash -----------------------------------------------------------------------


@pytest.mark.parametrize("release", RELEASES)
def test_a_flash_ends_the_session_as_the_release_does_and_counts_once(
    release: str,
) -> None:
    with logged_in(Setup(release=release)) as (router, shell):
        before, key = router.facts(), shell.host_key
        upload(shell)
        shell.run("echo 1 >/root/canary; echo 2 >/etc/openwisp/marker")
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
            assert again.run("cat /tmp/fw.bin /root/canary").status == 1
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
    with logged_in() as (router, shell):
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
        shell.run("echo 1 >/root/canary; sysupgrade -o /tmp/fw.bin")
    assert back_with_new_boot_id(router, before)
    assert router.read_file("/root/canary") == b"1\n"


def test_changed_files_of_etc_are_kept_with_c_alone() -> None:
    for option, kept in (("", None), ("-c", b"1\n")):
        with logged_in() as (router, shell):
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
