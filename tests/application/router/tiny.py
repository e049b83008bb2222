"""A root file system with BusyBox ash, just enough of OpenWrt to run the scripts on.

It has process ids, a boot id, memory and a /tmp of its own. `ubus`, `uci`, `wifi`,
`sysupgrade` and the init scripts are stand-ins whose state lies in files under
/state, so that a test can look at it and change it.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

from application.ports import Completed
from application.scripts import render
from tests.routers.clock import Clock

BUSYBOX = Path("/bin/busybox")
LIMIT_SECONDS = 60.0
_TICK_SECONDS = 0.2

_BOOT = r"""
set -e
root=$1
mount -t proc proc "$root/proc"
mount -t tmpfs -o size=32m tmpfs "$root/tmp"
for file in sys/kernel/random/boot_id meminfo sys/vm/drop_caches uptime; do
  mount --bind "$root/fake/${file##*/}" "$root/proc/$file"
done
mkdir "$root/tmp/sysinfo"
echo tplink,archer-c7-v5 >"$root/tmp/sysinfo/board_name"
echo 'TP-Link Archer C7 v5' >"$root/tmp/sysinfo/model"
echo up >"$root/fake/booted"
exec chroot "$root" /bin/ash -c 'while :; do sleep 1; done'
"""

_UBUS = r"""#!/bin/ash
case "$*" in
'call service list')
  echo '{'
  for file in /state/running/*; do
    [ -e "$file" ] || continue
    printf '\t"%s": {\n\t\t"instances": {\n\t\t\t"instance1": {\n' "${file##*/}"
    printf '\t\t\t\t"running": true,\n\t\t\t\t"pid": 1\n\t\t\t}\n\t\t}\n\t},\n'
  done
  printf '\t"stopped": {\n\t\t"instances": {\n\t\t}\n\t}\n}\n'
  ;;
'call service list '*)
  name=${4#*:\"}
  name=${name%\"*}
  if [ -e "/state/running/$name" ]; then
    printf '{\n\t"%s": {\n\t\t"instances": {\n\t\t\t"i": {\n' "$name"
    printf '\t\t\t\t"running": true,\n\t\t\t\t"pid": 1\n\t\t\t}\n\t\t}\n\t}\n}\n'
  else
    echo '{ }'
  fi
  ;;
'call network.wireless status')
  up=false
  [ ! -e /state/wifi ] || up=true
  printf '{\n\t"radio0": {\n\t\t"up": %s,\n\t\t"pending": false\n\t}\n}\n' $up
  ;;
'call system validate_firmware_image '*)
  [ ! -e /state/no_verdict ] || exit 253
  : >/tmp/sysupgrade.meta
  valid=true
  [ ! -e /state/refuse_test ] || valid=false
  printf '{\n\t"valid": %s,\n\t"forceable": true,\n\t"allow_backup": true\n}\n' $valid
  ;;
'call system sysupgrade'*)
  sleep 1000
  ;;
*) exit 1 ;;
esac
"""

_UCI = r"""#!/bin/ash
[ "$1" != -q ] || shift
case $1 in
get) [ ! -e "/state/uci/$2" ] || exec cat "/state/uci/$2"; exit 1 ;;
set) [ -e /state/read_only ] || echo "${2#*=}" >"/state/uci/${2%%=*}" ;;
commit) [ ! -e /state/full_flash ] ;;
esac
"""

_SERVICE = r"""#!/bin/ash
name=${0##*/}
echo "$1 $name" >>/state/services.log
case $1 in
start)
  while [ -e /state/slow_start ]; do sleep 0.1; done
  [ -e "/state/broken/$name" ] || : >"/state/running/$name"
  ;;
stop) rm -f "/state/running/$name" ;;
esac
"""

_WIFI = r"""#!/bin/ash
echo "wifi $1" >>/state/services.log
case $1 in
up) : >/state/wifi ;;
down) rm -f /state/wifi ;;
esac
"""

_SYSUPGRADE = r"""#!/bin/ash
for last; do :; done
case " $* " in
*' -b - '*)
  printf '\037\213tar'
  exit 0
  ;;
*' -T '*)
  : >/tmp/sysupgrade.meta
  while [ -e /state/hang_test ]; do sleep 1; done
  [ ! -e /state/refuse_test ] || { echo 'Image check failed.' >&2; exit 1; }
  exit 0
  ;;
esac
echo "$*" >>/state/flashes
[ -f "$last" ] || echo gone >>/state/flashed_without_image
if [ -e /state/refuse_flash ]; then
  echo 'Image metadata not present'
  exit 1
fi
[ ! -e /state/asks_procd ] || ubus call system sysupgrade '{}'
while [ ! -e /state/end_flash ]; do sleep 1; done
[ -f "$last" ] || echo gone >>/state/flashed_without_image
exit 246
"""

_DIRECTORIES = (
    *("bin", "sbin", "usr/bin", "usr/sbin", "usr/share", "dev", "proc", "tmp", "fake"),
    *("etc/config", "etc/init.d", "etc/openwisp"),
    *("state/running", "state/broken", "state/uci", "sys/class/net/lo"),
    *("sys/class/net/eth0/device", "sys/class/net/wlan0/phy80211"),
)

SERVICES = ("cron", "uhttpd", "rpcd", "dnsmasq", "network", "dropbear")


def missing() -> str:
    """Say what this machine lacks to run a tiny router; empty if nothing."""
    if os.geteuid() != 0:
        return "the scripts run in namespaces of their own, which needs root"
    if not BUSYBOX.exists():
        return "BusyBox is not installed (make test-tools)"
    probe = subprocess.run(
        ["unshare", "-mpf", "--mount-proc", "true"], capture_output=True, check=False
    )
    return (
        "" if probe.returncode == 0 else "this machine lets nobody unshare namespaces"
    )


class TinyRouter:
    """One root that is up. `run` plays an SSH exec channel."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._boot_process: subprocess.Popen[bytes] | None = None
        self._init_pid = 0
        self.clients: list[subprocess.Popen[bytes]] = []
        self._has_ended = threading.Event()
        self._stopped_at_seconds: float | None = None
        self._ahead_seconds = 0.0
        _populate(root)
        self._show_uptime()
        threading.Thread(target=self._tick, daemon=True).start()
        self.boot()

    @property
    def boot_id(self) -> str:
        return (self.root / "fake" / "boot_id").read_text().strip()

    @property
    def tmp(self) -> Path:
        """The router's /tmp, which lives in its own mount namespace."""
        return Path(f"/proc/{self._init_pid}/root/tmp")

    @property
    def directory(self) -> Path:
        return self.tmp / "flashlog"

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def services(self) -> set[str]:
        return {file.name for file in (self.state / "running").iterdir()}

    @property
    def wifi_is_up(self) -> bool:
        return (self.state / "wifi").exists()

    @property
    def flashes(self) -> int:
        return len(self.lines("flashes"))

    def lines(self, name: str) -> list[str]:
        file = self.state / name
        return file.read_text().splitlines() if file.exists() else []

    def mark(self, name: str) -> None:
        (self.state / name).touch()

    def boot(self) -> None:
        """Start, or start again: another boot id, an empty /tmp, every process gone."""
        self.shut_down()
        for name in SERVICES:
            (self.state / "running" / name).touch()
        self.mark("wifi")
        booted = self.root / "fake" / "booted"
        booted.unlink(missing_ok=True)
        (self.root / "fake" / "boot_id").write_text(f"{uuid4()}\n")
        self._boot_process = subprocess.Popen(
            ["unshare", "-mpf", "/bin/sh", "-c", _BOOT, "boot", str(self.root)],
            stderr=subprocess.DEVNULL,
        )
        wait_until(booted.exists, "the router is up")
        children = Path(f"/proc/{self._boot_process.pid}/task").glob("*/children")
        self._init_pid = int(next(children).read_text().split()[0])
        wait_until(
            lambda: Path(f"/proc/{self._init_pid}/comm").read_text() == "ash\n",
            "init runs",
        )

    def end(self) -> None:
        self._has_ended.set()
        self.shut_down()

    def shut_down(self) -> None:
        if self._boot_process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._init_pid, signal.SIGKILL)
            self._boot_process.wait(LIMIT_SECONDS)
            self._boot_process = None
        for client in self.clients:
            client.kill()
            client.wait(LIMIT_SECONDS)
            for stream in (client.stdin, client.stdout, client.stderr):
                if stream:
                    stream.close()
        self.clients.clear()

    def start(
        self, text: str, stdin: int = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        """Begin a command, as an exec channel of SSH does."""
        client = subprocess.Popen(
            [
                "nsenter",
                f"-t{self._init_pid}",
                "-m",
                "-p",
                "-r",
                "/bin/ash",
                "-c",
                text,
            ],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd="/",
            env={
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                "SSH_CLIENT": "127.0.0.1 1 22",
            },
        )
        self.clients.append(client)
        return client

    def run(self, text: str, stdin: bytes = b"") -> Completed:
        begun = time.monotonic()
        client = self.start(text, subprocess.PIPE)
        out, err = client.communicate(stdin, LIMIT_SECONDS)
        return Completed(
            exit_status=client.returncode,
            stdout=out,
            stderr=err,
            seconds=time.monotonic() - begun,
        )

    def script(self, name: str, stdin: bytes = b"", **inputs: str | int) -> str:
        """Run a script, return its output; it must not complain."""
        completed = self.run(render(name, **inputs), stdin)
        assert completed.exit_status == 0, completed
        assert completed.stderr == b"", completed
        return completed.stdout.decode()

    def uptime(self) -> float:
        seconds = self._stopped_at_seconds
        return self._ahead_seconds + (time.monotonic() if seconds is None else seconds)

    def stop_clock(self) -> None:
        """From now on time passes only when a test says so."""
        self._stopped_at_seconds = time.monotonic()
        self._show_uptime()

    def pass_time(self, seconds: float) -> None:
        self._ahead_seconds += seconds
        self._show_uptime()

    def _tick(self) -> None:
        while not self._has_ended.wait(_TICK_SECONDS):
            self._show_uptime()

    def _show_uptime(self) -> None:
        uptime = self.uptime()
        Clock.write(self.root / "fake/uptime", f"{uptime:.2f} {uptime:.2f}\n")


def wait_until(
    condition: Callable[[], bool], what: str, limit_seconds: float = LIMIT_SECONDS
) -> None:
    deadline = time.monotonic() + limit_seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.02)


@contextlib.contextmanager
def tiny_router(root: Path) -> Iterator[TinyRouter]:
    router = TinyRouter(root)
    try:
        yield router
    finally:
        router.end()


def _populate(root: Path) -> None:
    for name in _DIRECTORIES:
        (root / name).mkdir(parents=True)
    for binary in (BUSYBOX, *_libraries()):
        place = root / str(binary)[1:]
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(binary, place)
    subprocess.run(["chroot", str(root), "/bin/busybox", "--install", "-s"], check=True)
    _write(root / "bin/ubus", _UBUS)
    _write(root / "sbin/uci", _UCI)
    _write(root / "sbin/wifi", _WIFI)
    _write(root / "sbin/sysupgrade", _SYSUPGRADE)
    for name in SERVICES:
        _write(root / "etc/init.d" / name, _SERVICE)
    (root / "fake" / "meminfo").write_text(
        "MemTotal:      60000 kB\nMemFree:       20000 kB\nMemAvailable:  30000 kB\n"
        "Buffers:        1000 kB\nCached:         5000 kB\nShmem:          2000 kB\n"
    )
    (root / "fake" / "drop_caches").write_text("")
    (root / "dev" / "null").touch()
    os.mknod(root / "dev" / "zero", 0o666 | 0o020000, os.makedev(1, 5))
    (root / "dev" / "null").unlink()
    os.mknod(root / "dev" / "null", 0o666 | 0o020000, os.makedev(1, 3))
    (root / "etc/openwrt_release").write_text(
        "DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='23.05.4'\n"
        "DISTRIB_REVISION='r24012-d8dd03c46f'\nDISTRIB_TARGET='ath79/generic'\n"
        "DISTRIB_DESCRIPTION='OpenWrt 23.05.4 r24012-d8dd03c46f'\n"
    )
    (root / "sys/class/net/lo/address").write_text("00:00:00:00:00:00\n")
    (root / "sys/class/net/eth0/address").write_text("02:00:5e:10:00:01\n")
    (root / "sys/class/net/wlan0/address").write_text("02:00:5e:10:00:02\n")


def _libraries() -> list[Path]:
    """The shared libraries of BusyBox; none where it is linked statically."""
    told = subprocess.run(
        ["ldd", str(BUSYBOX)], capture_output=True, text=True, check=False
    ).stdout
    return [Path(found) for found in re.findall(r"(/\S+) \(0x", told)]


def _write(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)  # BusyBox may have put a link to itself there
    path.write_text(text)
    path.chmod(0o755)
