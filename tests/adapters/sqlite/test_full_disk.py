"""A disk without room: a clear error, nothing half-written, and on when there is room.

A process of its own fills the file system (a small one of its own where the machine
allows it) or is allowed no larger files.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
_MOUNT = 'mount -t tmpfs -o size=4m none "$1" && exec "$2" -m "$3" "$1" disk'
_UNSHARE = ["unshare", "--user", "--map-root-user", "--mount"]


def can_mount() -> bool:
    try:
        tried = subprocess.run([*_UNSHARE, "true"], check=False, capture_output=True)
    except FileNotFoundError:
        return False
    return tried.returncode == 0


def run(*command: Any) -> dict[str, Any]:
    done = subprocess.run(
        [str(word) for word in command],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def check(told: dict[str, Any], directory: Path) -> None:
    assert len(told["refusals"]) == 3
    for refusal in told["refusals"]:
        assert refusal.startswith(f"cannot write to {directory / 'log.sqlite'} (")
        assert refusal.endswith("): free room on the disk, then try again")
    assert told["readable"] == told["stored"]
    assert told["after"] == told["whole"] == told["stored"] + 300


@pytest.mark.skipif(not can_mount(), reason="needs the right to mount a small disk")
def test_a_full_disk_is_told_and_appending_goes_on_when_there_is_room(
    tmp_path: Path,
) -> None:
    module = "tests.adapters.sqlite.full_disk"
    shell = ["sh", "-c", _MOUNT, "sh", tmp_path, sys.executable, module]

    check(run(*_UNSHARE, *shell), tmp_path)


def test_a_file_that_may_not_grow_is_told_and_appending_goes_on_when_it_may(
    tmp_path: Path,
) -> None:
    module = "tests.adapters.sqlite.full_disk"

    check(run(sys.executable, "-m", module, tmp_path, "limit"), tmp_path)
