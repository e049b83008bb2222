"""The real router behaves as OpenWrt does where an upgrader can tell."""

from collections.abc import Iterator

import paramiko
import pytest

from application.simulation.setup import REVISIONS
from tests.routers.real import RealRouter
from tests.routers.setup import Setup
from tests.routers.shell import Shell
from tests.routers.template import why_not_available
from tests.routers.watching import (
    available_kb,
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
    setup = Setup(authorized_keys=(f"{key.get_name()} {key.get_base64()}",))
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


@pytest.mark.parametrize(
    ("release", "window"), [("22.03.7", 24576), ("24.10.0", 1 << 18)]
)
def test_the_receive_window_is_that_of_the_release(release: str, window: int) -> None:
    with logged_in(Setup(release=release)) as (_, shell):
        channel = shell.transport.open_session()
        assert channel.out_window_size == window
