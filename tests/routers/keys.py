"""Host keys of real routers, made by dropbear's own tool."""

import os
import random
import subprocess
import tempfile
from pathlib import Path

_RSA_KEYS = 6


def _new_key(kind: str, path: Path) -> None:
    subprocess.run(
        ["dropbearkey", "-t", kind, *(["-s", "2048"] * (kind == "rsa")), "-f", path],
        capture_output=True,
        check=True,
    )


def rsa_key(other_than: bytes) -> bytes:
    """One of a few RSA keys that are kept, for making one takes its time."""
    kept = Path(tempfile.gettempdir()) / f"flashlog-router-keys-{os.geteuid()}"
    kept.mkdir(mode=0o700, exist_ok=True)
    names = [f"rsa{number}" for number in range(_RSA_KEYS)]
    random.shuffle(names)
    for name in names:
        if not (kept / name).exists():
            with tempfile.TemporaryDirectory(dir=kept) as making:
                _new_key("rsa", Path(making) / "key")
                (Path(making) / "key").replace(kept / name)
        key = (kept / name).read_bytes()
        if key != other_than:
            return key
    raise AssertionError("several keys are never all the same")


def make_host_keys(place: Path, kinds: tuple[str, ...], old: dict[str, bytes]) -> None:
    """Make those that are missing in a directory, none like the old ones (by name)."""
    for kind in kinds:
        path = place / f"dropbear_{kind}_host_key"
        if path.exists():
            continue
        if kind == "rsa":
            path.write_bytes(rsa_key(old.get(path.name, b"")))
            path.chmod(0o600)
        else:
            _new_key(kind, path)
