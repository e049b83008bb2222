"""The processes of one boot of a real router, in their own namespaces."""

import json
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tests.routers.template import PATH, SYSTEM, template

_BOOT = Path(__file__).with_name("boot.py")
_LIMIT_SECONDS = 60.0


def _listens(address: tuple[str, int]) -> bool:
    """Whether somebody listens there; connecting would cost dropbear a session."""
    host, port = address
    raw = bytes(map(int, host.split(".")))
    if sys.byteorder == "little":
        raw = raw[::-1]
    wanted = f"{raw.hex().upper()}:{port:04X}"
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        columns = line.split()
        if columns[1] == wanted and columns[3] == "0A":
            return True
    return False


class Machine:
    """Power on, power off, and a window into the running router."""

    def __init__(self, base: Path, root: Path, address: tuple[str, int]) -> None:
        self._base = base
        self._root = root
        self._address = address
        self._process: subprocess.Popen[bytes] | None = None
        self.live_root: Path | None = None

    @property
    def is_on(self) -> bool:
        return self._process is not None

    def power_on(self, *, tmp_kb: int, host_keys: list[str], window_bytes: int) -> None:
        """Boot and wait until dropbear listens; bounded."""
        host, port = self._address
        keys = [word for key in host_keys for word in ("-r", key)]
        proc: Mapping[str, str] = {
            "meminfo": f"{self._base}/proc/meminfo",
            "uptime": f"{self._base}/proc/uptime",
            "sys/kernel/random/boot_id": f"{self._base}/proc/boot_id",
            "sys/vm/drop_caches": f"{self._base}/proc/drop_caches",
        }
        plan = {
            "root": str(self._root),
            "template": str(template()),
            "system": [name for name in SYSTEM if (template() / name).exists()],
            "proc": proc,
            "tmp_kb": tmp_kb,
            "tmp_seed": f"{self._base}/tmp_seed",
            "shared": f"{self._base}/shared",
            "path": PATH,
            # -B: an empty password lets anybody in, as OpenWrt does
            "dropbear": [
                *("dropbear", "-F", "-E", "-B", "-T", "3", "-K", "300"),
                *("-W", str(window_bytes), "-p", f"{host}:{port}", *keys),
            ],
        }
        (self._base / "plan.json").write_text(json.dumps(plan))
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "--"]
        with (self._base / "boot.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, sys.executable, "-I", "-S", _BOOT, self._base / "plan.json"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self._wait_until_up(self._process)
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        first = children.read_text().split()[0]
        self.live_root = Path(f"/proc/{first}/root{self._root}")

    def _wait_until_up(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        limit = time.monotonic() + _LIMIT_SECONDS
        ready, _, _ = select.select([process.stdout], [], [], _LIMIT_SECONDS)
        if not ready or process.stdout.readline() != b"ready\n":
            raise RuntimeError(f"no boot: {(self._base / 'boot.log').read_text()}")
        while not _listens(self._address):
            if time.monotonic() > limit:
                log = (self._base / "shared/dropbear.log").read_text()
                raise RuntimeError(f"dropbear does not listen: {log}")
            time.sleep(0.002)

    def end_sessions(self) -> None:
        """Kill dropbear with all its sessions and every shell, and start none."""
        self._tell("sessions")

    def become_upgraded(self) -> None:
        """procd hands process 1 over; dropbear is not started again."""
        self._tell("upgraded")

    def restart_dropbear(self) -> None:
        """A new listener that reads its host keys again; open sessions stay."""
        self._tell("restart")
        assert self._process is not None
        self._wait_until_up(self._process)

    def _tell(self, word: str) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(f"{word}\n".encode())
            self._process.stdin.flush()

    def power_off(self) -> None:
        """End every process at once."""
        process, self._process, self.live_root = self._process, None, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()  # and with it, by --kill-child, the namespace
            process.wait(60)
        process.stdout.close()

    def process_ids(self) -> list[int]:
        """Of the whole namespace, as the host sees them."""
        if self._process is None:
            return []
        found, waiting = [], [self._process.pid]
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            path = Path(f"/proc/{pid}/task/{pid}/children")
            if path.exists():
                waiting += map(int, path.read_text().split())
        return found
