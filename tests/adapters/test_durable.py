import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from application.adapters.durable import write_once


def test_the_first_content_stays(tmp_path: Path) -> None:
    write_once(tmp_path / "id", b"first")
    write_once(tmp_path / "id", b"second")

    assert (tmp_path / "id").read_bytes() == b"first"
    assert [path.name for path in tmp_path.iterdir()] == ["id"]
    assert stat.S_IMODE((tmp_path / "id").stat().st_mode) == 0o600


def test_of_many_at_once_one_writes(tmp_path: Path) -> None:
    together = Barrier(6)

    def write(number: int) -> bytes:
        together.wait(60)
        write_once(tmp_path / "id", b"%d" % number)
        return (tmp_path / "id").read_bytes()

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(write, range(6)))) == 1


def test_a_file_has_its_name_only_when_its_content_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bool] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        synced.append((tmp_path / "id").exists())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    write_once(tmp_path / "id", b"content")

    assert synced == [False, True]  # the content before its name, then the name


def test_where_there_is_no_room_nothing_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_once(tmp_path / "id", b"content")
    assert list(tmp_path.iterdir()) == []
