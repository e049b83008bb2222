"""What one real router has on its flash: firmware, configuration, host keys.

Everything here is done while the router is off; the system itself is the template.
"""

import functools
import io
import json
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

from tests.routers.keys import make_host_keys
from tests.routers.releases import quirks_of
from tests.routers.setup import Setup
from tests.routers.template import FILES, SYSTEM

_FIRST_WITH_APK = 2512
_EMPTY = (
    "dev",
    "proc",
    "tmp",
    ".rig",
    "rom",
    "overlay/upper/etc",
    "overlay/upper/usr/share",
)


@functools.cache
def _password_hash(password: str) -> str:
    done = subprocess.run(
        ["busybox", "mkpasswd", "-m", "md5", password, "flashlog"],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


class Disk:
    """The writable part of a router's root directory."""

    def __init__(self, root: Path, setup: Setup) -> None:
        self.root = root
        self._setup = setup
        self.release = setup.release
        self.revision = setup.first_revision

    def deliver(self) -> None:
        """Install the first firmware and configure the router."""
        setup = self._setup
        self.install(self.release, self.revision, setup.compat_version, None)
        etc = self.root / "etc"
        hashed = _password_hash(setup.password) if setup.password else ""
        (etc / "shadow").write_text(f"root:{hashed}:19000:0:99999:7:::\n")
        keys = "".join(f"{key}\n" for key in setup.authorized_keys)
        (etc / "dropbear/authorized_keys").write_text(keys)
        (etc / "openwisp").mkdir()
        (etc / "openwisp/checksum").write_text("0123456789abcdef\n")
        self._write_packages()
        self.write_uuid(setup.uuid)

    def install(
        self, release: str, revision: str, compat_version: str, backup: bytes | None
    ) -> None:
        """A fresh system, then what the backup (gzip tar) of the old one holds."""
        old_keys = self._host_keys()
        self.release, self.revision = release, revision
        if self.root.exists():
            shutil.rmtree(self.root)
        for name in (*SYSTEM, *_EMPTY):
            (self.root / name).mkdir(parents=True)
        # Of /usr only this can be written; it lies over the read-only system.
        (self.root / "usr/share").symlink_to("../overlay/upper/usr/share")
        (self.root / "var").symlink_to("tmp")
        self._write_rom(compat_version)
        if backup is not None:
            with tarfile.open(fileobj=io.BytesIO(backup)) as archive:
                archive.extractall(self.root, filter="tar")
        self._make_host_keys(old_keys)

    def _write_packages(self) -> None:
        """What was installed later lies over the ROM, as its package manager has it."""
        upper = self.root / "overlay/upper"
        if quirks_of(self.release).generation >= _FIRST_WITH_APK:
            database = upper / "lib/apk/db/installed"
            text = "".join(f"P:{name}\nV:1.0\n\n" for name in self._setup.packages)
            database.parent.mkdir(parents=True)
            database.write_text(text)
            return
        information = upper / "usr/lib/opkg/info"
        information.mkdir(parents=True)
        for name in self._setup.packages:
            (information / f"{name}.control").write_text(f"Package: {name}\n")

    def _write_rom(self, compat_version: str) -> None:
        setup, etc = self._setup, self.root / "etc"
        shutil.copytree(FILES / "etc", etc)
        for name in ("config", "dropbear", "init.d"):
            (etc / name).mkdir()
        (etc / "dropbear").chmod(0o700)
        for name in setup.services:
            script = etc / "init.d" / name
            script.write_text("#!/bin/sh /etc/rc.common\nSTART=50\nUSE_PROCD=1\n")
            script.chmod(0o755)
        version = f"OpenWrt {self.release} {self.revision}"
        files = {
            "openwrt_release": "".join(
                f"DISTRIB_{key}='{value}'\n"
                for key, value in {
                    "ID": "OpenWrt",
                    "RELEASE": self.release,
                    "REVISION": self.revision,
                    "TARGET": setup.target,
                    "ARCH": "mips_24kc",
                    "DESCRIPTION": version,
                    "TAINTS": "",
                }.items()
            ),
            "openwrt_version": f"{self.revision}\n",
            "os-release": f'NAME="OpenWrt"\nVERSION="{self.release}"\n'
            f'BUILD_ID="{self.revision}"\nOPENWRT_BOARD="{setup.target}"\n'
            f'OPENWRT_RELEASE="{version}"\n',
            "board.json": json.dumps({"model": {"id": setup.board}}),
            "passwd": "root:x:0:0:root:/root:/usr/libexec/login-shell\n",
            "group": "root:x:0:\n",
            "shadow": "root::0:0:99999:7:::\n",
            "shells": "/bin/ash\n/usr/libexec/login-shell\n",
            "hosts": "127.0.0.1 localhost\n",
            "config/system": "config system\n\toption hostname 'OpenWrt'\n",
            "config/dropbear": "config dropbear\n\toption PasswordAuth 'on'\n",
            "config/network": "config interface 'lan'\n\toption device 'br-lan'\n",
        }
        if compat_version != "1.0":
            files["config/system"] += f"\toption compat_version '{compat_version}'\n"
        for name, text in files.items():
            (etc / name).write_text(text)
        (etc / "shadow").chmod(0o600)
        (self.root / "root/.ssh").mkdir(parents=True, mode=0o700)
        (self.root / "root").chmod(0o700)
        # OpenWrt's dropbear reads root's keys here, Debian's at the home directory.
        link = self.root / "root/.ssh/authorized_keys"
        link.symlink_to("/etc/dropbear/authorized_keys")
        self._write_interfaces()

    def _write_interfaces(self) -> None:
        macs = self._setup.macs
        net = self.root / "sys/class/net"
        for name, mac in {
            "br-lan": macs[0],
            "eth0": macs[0],
            "eth1": macs[1 % len(macs)],
            "lo": "00:00:00:00:00:00",
        }.items():
            (net / name).mkdir(parents=True)
            (net / name / "address").write_text(f"{mac}\n")
            (net / name / "operstate").write_text("up\n")
        for name in ("br-lan/brif/eth0", "br-lan/brif/wlan0", "br-lan/bridge"):
            (net / name).mkdir(parents=True)
        for name in ("eth0/device", "eth1/device"):
            (net / name).mkdir()

    def _host_keys(self) -> dict[str, bytes]:
        place = self.root / "etc/dropbear"
        return {
            path.name: path.read_bytes() for path in place.glob("dropbear_*_host_key")
        }

    def _make_host_keys(self, other_than: dict[str, bytes]) -> None:
        kinds = quirks_of(self.release).host_key_types
        make_host_keys(self.root / "etc/dropbear", kinds, other_than)

    def change_host_keys(self) -> None:
        """Throw the host keys away and make other ones."""
        old = self._host_keys()
        for name in old:
            (self.root / "etc/dropbear" / name).unlink()
        self._make_host_keys(old)

    def host_key_paths(self) -> list[str]:
        """As dropbear is told of them, inside the root."""
        kinds = quirks_of(self.release).host_key_types
        return [f"/etc/dropbear/dropbear_{kind}_host_key" for kind in kinds]

    def uuid(self) -> str | None:
        return self._option("openwisp", "uuid")

    def compat_version(self) -> str:
        return self._option("system", "compat_version") or "1.0"

    def _option(self, package: str, name: str) -> str | None:
        try:
            text = (self.root / "etc/config" / package).read_text()
        except FileNotFoundError:
            return None
        found = re.search(rf"option '?{name}'? '([^']*)'", text)
        return found.group(1) if found else None

    def write_uuid(self, uuid: str | None) -> None:
        option = f"\toption uuid '{uuid}'\n" if uuid else ""
        (self.root / "etc/config/openwisp").write_text(
            f"config controller 'http'\n\toption url 'https://example.com'\n{option}"
        )
