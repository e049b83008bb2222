"""The system of the real routers, built once for all of them.

BusyBox with the applets that OpenWrt has by default and no others (`files/applets`,
from OpenWrt's package/utils/busybox/Config-defaults.in), dropbear with its libraries,
and programs of our own from `files/`: what a router has beyond BusyBox, and what in
Debian's BusyBox can do more than a router's or would reach out of the router.
"""

import functools
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FILES = Path(__file__).parent / "files"
SYSTEM = ("bin", "lib", "lib64", "sbin", "usr")
_DAY_SECONDS = 86400.0
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def _sources() -> tuple[Path, Path] | None:
    dropbear, busybox = shutil.which("dropbear"), shutil.which("busybox")
    return (Path(dropbear), Path(busybox)) if dropbear and busybox else None


@functools.cache
def why_not_available() -> str | None:
    """One line why no real router can run here, None where it can."""
    if sys.platform != "linux":
        return "real routers need Linux"
    for tool in ("dropbear", "dropbearkey", "busybox", "unshare"):
        if shutil.which(tool) is None:
            return f"real routers need {tool} (make test-tools)"
    shell = ["busybox", "ash", "-c", "PATH=/nowhere; stat /"]
    if subprocess.run(shell, capture_output=True, check=False).returncode == 0:
        return (
            "real routers need a BusyBox that obeys PATH: "
            "busybox, not busybox-static (make test-tools)"
        )
    return _why_no_namespaces()


def _why_no_namespaces() -> str | None:
    if os.geteuid() != 0:
        return "real routers need root for their mount and PID namespaces"
    words = "unshare --mount --pid --fork mount -t proc proc /proc"
    done = subprocess.run(words.split(), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return f"namespaces are not allowed here: {done.stderr.strip()}"
    return None


def _libraries(binary: Path) -> set[Path]:
    listing = subprocess.run(
        ["ldd", str(binary)], capture_output=True, text=True, check=False
    ).stdout
    return {Path(found) for found in re.findall(r"(/\S+) \(0x", listing)}


def _copy(binary: Path, root: Path, place: str) -> None:
    (root / place).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(binary, root / place)
    for library in _libraries(binary):
        # Without /etc/ld.so.cache the loader looks into /lib and /usr/lib alone.
        is_loader = library.name.startswith("ld-")
        target = root / (str(library)[1:] if is_loader else f"lib/{library.name}")
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copy(library.resolve(), target)


def _build(root: Path, dropbear: Path, busybox: Path) -> None:
    for name in SYSTEM:
        (root / name).mkdir(parents=True)
    (root / "usr/share").mkdir()
    _copy(dropbear, root, "usr/sbin/dropbear")
    _copy(busybox, root, "bin/busybox")
    if flock := shutil.which("flock"):  # Debian's BusyBox has none
        _copy(Path(flock), root, "usr/bin/flock")
    own = [path for path in sorted(FILES.rglob("*")) if path.is_file()]
    for source in own:
        place = root / source.relative_to(FILES)
        if source.relative_to(FILES).parts[0] in SYSTEM:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, place)
            place.chmod(0o755)
    known = subprocess.run(
        [str(busybox), "--list"], capture_output=True, text=True, check=True
    ).stdout.split()
    applets = root / "usr/libexec/applets"
    applets.mkdir(parents=True)
    replaced = {path.name for path in own}
    for name in {*known} & {*(FILES / "applets").read_text().split()}:
        (applets / name).symlink_to("/bin/busybox")
        if name not in replaced:
            (root / "bin" / name).symlink_to("/bin/busybox")


def _digest(dropbear: Path, busybox: Path) -> str:
    seen = hashlib.sha256(Path(__file__).read_bytes())
    for binary in (dropbear, busybox):
        stat = binary.stat()
        seen.update(f"{binary} {stat.st_size} {stat.st_mtime_ns}".encode())
    for source in sorted(FILES.rglob("*")):
        if source.is_file():
            seen.update(str(source.relative_to(FILES)).encode())
            seen.update(source.read_bytes())
    return seen.hexdigest()[:16]


def _forget_older(place: Path) -> None:
    """Remove systems that nobody used for a day."""
    for older in place.parent.glob(f"{place.name.rpartition('-')[0]}-*"):
        if time.time() - older.stat().st_mtime > _DAY_SECONDS:
            shutil.rmtree(older, ignore_errors=True)


@functools.cache
def template() -> Path:
    """The directory of the built system, from an earlier run where nothing changed."""
    sources = _sources()
    assert sources is not None, why_not_available()
    base = Path(tempfile.gettempdir())
    place = base / f"flashlog-router-system-{os.geteuid()}-{_digest(*sources)}"
    if place.is_dir() and place.stat().st_uid == os.geteuid():
        os.utime(place)
        return place
    _forget_older(place)
    building = Path(tempfile.mkdtemp(prefix="flashlog-router-building-", dir=base))
    building.chmod(0o755)
    _build(building, *sources)
    try:
        building.rename(place)
    except OSError:  # another worker was faster
        shutil.rmtree(building)
    return place
