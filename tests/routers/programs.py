"""What the programs of a real router find when it boots: /.rig and the first /tmp.

Services and the radio are files there: a service that runs has one in `services`.
"""

import json
import shutil
from pathlib import Path

from tests.routers.disk import Disk
from tests.routers.releases import quirks_of
from tests.routers.setup import Setup

_PACKAGE_LISTS_BYTES = 600 * 1024


def lay_out_boot(base: Path, disk: Disk, setup: Setup, boots: int) -> None:
    """Everything runs after a boot, the radio too; commands of earlier boots stay."""
    shared = base / "shared"
    shutil.rmtree(shared / "services", ignore_errors=True)
    for name in ("services", "commands", "answers"):
        (shared / name).mkdir(exist_ok=True)
    for name in setup.services:
        (shared / "services" / name).touch()
    (shared / "boot").write_text(f"{boots:04}\n")
    (shared / "way_in").write_text(f"{setup.way_in}\n")
    board = json.dumps(_board(disk, setup), indent="\t")
    (shared / "board.json").write_text(f"{board}\n")
    _radio(shared, disk.root / "sys/class/net/wlan0", setup)
    seed = base / "tmp_seed"
    for name in ("sysinfo", "opkg-lists", "run", "lock", "log"):
        (seed / name).mkdir(parents=True, exist_ok=True)
    (seed / "sysinfo/board_name").write_text(f"{setup.board}\n")
    (seed / "sysinfo/model").write_text(f"{setup.model}\n")
    lists = seed / "opkg-lists/openwrt_base"
    lists.write_bytes(bytes(_PACKAGE_LISTS_BYTES))


def _radio(shared: Path, interface: Path, setup: Setup) -> None:
    (shared / "wlan0.address").write_text(f"{setup.macs[-1]}\n")
    if setup.has_wifi:
        (shared / "wifi").touch()
        for name in ("phy80211", "wireless"):
            (interface / name).mkdir(parents=True, exist_ok=True)
        (interface / "address").write_text(f"{setup.macs[-1]}\n")
        (interface / "operstate").write_text("up\n")


def _board(disk: Disk, setup: Setup) -> dict[str, object]:
    newer = quirks_of(disk.release).generation >= 2203
    return {
        "kernel": "5.15.162",
        "hostname": "OpenWrt",
        "system": "Qualcomm Atheros QCA956X ver 1 rev 0",
        "model": setup.model,
        "board_name": setup.board,
        **({"rootfs_type": "squashfs"} if newer else {}),
        "release": {
            "distribution": "OpenWrt",
            "version": disk.release,
            "revision": disk.revision,
            "target": setup.target,
            "description": f"OpenWrt {disk.release} {disk.revision}",
        },
    }
