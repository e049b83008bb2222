"""Process 1 of one boot of a real router: mounts, dropbear, reaping, and the end.

Runs alone (`python -I -S boot.py plan.json`) as the first process of new mount and
PID namespaces, so that ending it ends every process of the router. It ends by itself
when its standard input closes: a rig that is killed leaves nothing behind.
"""

import ctypes
import json
import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

_RDONLY, _NOSUID, _NODEV, _REMOUNT, _BIND, _REC, _PRIVATE = (
    1,
    2,
    4,
    0x20,
    0x1000,
    0x4000,
    0x40000,
)
_LIBC = ctypes.CDLL(None, use_errno=True)


def mount(source: str, target: Path, kind: str, flags: int, data: str = "") -> None:
    done = _LIBC.mount(
        source.encode(), os.fsencode(target), kind.encode(), flags, data.encode()
    )
    if done != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(target))


def lay_out(plan: dict[str, Any]) -> None:
    """Mount the system (read-only), /proc, /tmp and what the rig controls."""
    root = Path(plan["root"])
    mount("", Path("/"), "", _PRIVATE | _REC)
    for name in plan["system"]:
        mount(f"{plan['template']}/{name}", root / name, "", _BIND)
        mount("", root / name, "", _BIND | _REMOUNT | _RDONLY)
    upper = root / "overlay/upper/usr/share"
    mount(str(upper), root / "usr/share", "", _BIND)
    mount(plan["template"], root / "rom", "", _BIND)
    mount("", root / "rom", "", _BIND | _REMOUNT | _RDONLY)
    mount("proc", root / "proc", "proc", _NOSUID | _NODEV)
    for name, source in plan["proc"].items():
        mount(source, root / "proc" / name, "", _BIND)
    for name in ("null", "zero", "full", "random", "urandom"):
        (root / "dev" / name).touch()
        mount(f"/dev/{name}", root / "dev" / name, "", _BIND)
    options = f"size={plan['tmp_kb']}k,mode=1777"
    mount("tmpfs", root / "tmp", "tmpfs", _NOSUID | _NODEV, options)
    shutil.copytree(plan["tmp_seed"], root / "tmp", dirs_exist_ok=True)
    mount(plan["shared"], root / ".rig", "", _BIND)


def start_dropbear(plan: dict[str, Any]) -> int:  # noqa: RET503 - execve is the end
    child = os.fork()
    if child:
        return child
    os.setsid()
    os.chroot(plan["root"])
    os.chdir("/")
    log = os.open("/.rig/dropbear.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    null = os.open("/dev/null", os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.execve("/usr/sbin/dropbear", plan["dropbear"], {"PATH": plan["path"]})


def kill_named(proc: Path, names: set[str]) -> None:
    """SIGKILL every process of this namespace that bears one of these names."""
    for entry in proc.iterdir():
        if not entry.name.isdigit() or entry.name == "1":
            continue
        try:
            if (entry / "comm").read_text().strip() in names:
                os.kill(int(entry.name), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            continue


class Listener(threading.Thread):
    """Obeys the rig, line by line; when the rig is gone, so is the router."""

    def __init__(self, plan: dict[str, Any]) -> None:
        super().__init__(daemon=True)
        self.dropbear = start_dropbear(plan)
        self.respawns = True
        self._proc = Path(plan["root"]) / "proc"  # the one of this namespace

    def run(self) -> None:
        for line in sys.stdin:
            match line.strip():
                case "upgraded":
                    self.respawns = False
                    (self._proc / "1/comm").write_text("upgraded")
                case "sessions":
                    kill_named(self._proc, {"dropbear", "ash"})
                case "restart":
                    os.kill(self.dropbear, signal.SIGKILL)
        os._exit(0)


def main() -> None:
    plan = json.loads(Path(sys.argv[1]).read_text())
    lay_out(plan)
    Path("/proc/self/comm").write_text("procd")
    listener = Listener(plan)
    listener.start()
    print("ready", flush=True)
    while True:
        try:
            ended, _ = os.wait()
        except ChildProcessError:
            time.sleep(0.02)
            continue
        if ended == listener.dropbear and listener.respawns:
            listener.dropbear = start_dropbear(plan)
            print("ready", flush=True)


if __name__ == "__main__":
    main()
