import errno
import gzip
import hashlib
import io
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from application.adapters.image_file import StoreFullError
from application.adapters.image_outline import OutlineBuilder
from application.adapters.image_store import (
    ImageStore,
    chunks_of,
)
from application.images import Images
from application.ports import ImageSource
from domain.errors import InvalidError, NotFoundError
from domain.trailer import TAIL_BYTES
from tests.adapters.buckets import BUCKET, bucket_server, clear, in_bucket
from tests.routers.images import build_image

IMAGE = build_image(size=300_000)
SHA256 = hashlib.sha256(IMAGE).hexdigest()
FIRST_HALF = IMAGE[: len(IMAGE) // 2]


__all__ = ["bucket_server"]


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Images:
    directory = tmp_path / "images"
    if request.param == "folder":
        return ImageStore(directory, size_bytes_max=len(IMAGE))
    server = request.getfixturevalue("bucket_server")
    clear(server)
    return in_bucket(server, directory, size_bytes_max=len(IMAGE))


def files_of(store: Images, tmp_path: Path) -> list[str]:
    """Name what is on the disk; what is in a bucket must be the same."""
    names = sorted(path.name for path in (tmp_path / "images").iterdir())
    assert [name for name in names if not name.startswith("incoming-")] == list(store)
    return names


def damage(store: Images, request: pytest.FixtureRequest) -> None:
    content = IMAGE[:-1] + b"?"
    if isinstance(store, ImageStore):
        store.path(SHA256).write_bytes(content)
    else:
        server = request.getfixturevalue("bucket_server")
        server.put_object(Bucket=BUCKET, Key=f"images/{SHA256}", Body=content)


def test_an_image_is_kept_under_the_hash_of_what_it_holds(
    store: Images, tmp_path: Path
) -> None:
    stored = store.add(chunks_of(io.BytesIO(IMAGE)))

    assert (stored.sha256, stored.size) == (SHA256, len(IMAGE))
    assert stored.firmware.boards == ("tplink,archer-c7-v5",)
    assert files_of(store, tmp_path) == [SHA256]
    assert SHA256 in store
    assert list(store) == [SHA256]
    with store.open(SHA256) as image, image.file() as file:
        assert file.read() == IMAGE


def test_an_image_can_be_read_piecewise(store: Images) -> None:
    store.add([IMAGE])
    with store.open(SHA256) as source:
        image: ImageSource = source
        assert (image.size, image.sha256) == (len(IMAGE), SHA256)
        assert image.read(0, 10) == IMAGE[:10]
        assert image.read(123_456, 50_000) == IMAGE[123_456:173_456]
        assert image.read(len(IMAGE) - 5, 100) == IMAGE[-5:]
        assert image.read(len(IMAGE), 1) == b""
    with pytest.raises(ValueError, match="closed"):
        source.read(0, 1)


def test_several_threads_read_one_open_image(store: Images) -> None:
    store.add([IMAGE])
    wrong: list[int] = []
    with store.open(SHA256) as image:

        def read(seed: int) -> None:
            random = Random(seed)
            for _ in range(200):
                start = random.randrange(len(IMAGE))
                if image.read(start, 999) != IMAGE[start : start + 999]:
                    wrong.append(start)

        threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


def test_adding_an_image_again_finds_the_same(store: Images, tmp_path: Path) -> None:
    assert store.add([IMAGE]) == store.add([b"", FIRST_HALF, IMAGE[len(FIRST_HALF) :]])
    assert files_of(store, tmp_path) == [SHA256]


def test_adding_an_image_again_repairs_one_that_was_damaged(
    store: Images, request: pytest.FixtureRequest
) -> None:
    store.add([IMAGE])
    assert store.is_sound(SHA256)
    damage(store, request)
    assert not store.is_sound(SHA256)
    store.add([IMAGE])
    assert store.is_sound(SHA256)


@pytest.mark.parametrize("content", [b"", b"<html>", IMAGE[:-1], IMAGE + b"\n"])
def test_nonsense_leaves_nothing_behind(
    store: Images, tmp_path: Path, content: bytes
) -> None:
    with pytest.raises(InvalidError) as refused:
        store.add([content])
    assert list(refused.value.fields) == ["file"]
    assert files_of(store, tmp_path) == []


def test_a_file_that_is_too_big_is_refused_before_it_is_whole(
    store: Images, tmp_path: Path
) -> None:
    given = 0

    def endless() -> Iterator[bytes]:
        nonlocal given
        while True:
            given += 1
            yield bytes(100_000)

    with pytest.raises(InvalidError, match="bigger than the 300000 bytes"):
        store.add(endless())
    assert given == 4
    assert files_of(store, tmp_path) == []


def test_an_upload_that_breaks_off_leaves_nothing_behind(
    store: Images, tmp_path: Path
) -> None:
    def breaking() -> Iterator[bytes]:
        yield FIRST_HALF
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        store.add(breaking())
    assert files_of(store, tmp_path) == []


def test_a_full_disk_is_told_and_leaves_nothing_behind(
    store: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", no_room)
        with pytest.raises(StoreFullError, match="no room"):
            store.add([IMAGE])
    assert files_of(store, tmp_path) == []
    assert store.add([IMAGE]).sha256 == SHA256


@pytest.mark.process
def test_a_process_killed_half_way_leaves_no_half_image(tmp_path: Path) -> None:
    script = f"""
import sys
from pathlib import Path
from application.adapters.image_store import ImageStore

def chunks():
    yield bytes.fromhex({FIRST_HALF.hex()!r})
    print("half", flush=True)
    sys.stdin.read()

ImageStore(Path({str(tmp_path / "images")!r})).add(chunks())
"""
    path = tmp_path / "script.py"
    path.write_text(script)
    with subprocess.Popen(
        [sys.executable, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"half\n"
        running.kill()
    store = ImageStore(tmp_path / "images")
    assert list(store) == []
    (left,) = files_of(store, tmp_path)

    os.utime(tmp_path / "images" / left, (0, time.time() - 2 * 24 * 3600))
    ImageStore(tmp_path / "images")

    assert files_of(store, tmp_path) == []


def test_an_upload_that_still_runs_is_not_swept(tmp_path: Path) -> None:
    store = ImageStore(tmp_path / "images")

    def chunks() -> Iterator[bytes]:
        yield FIRST_HALF
        ImageStore(tmp_path / "images")
        yield IMAGE[len(FIRST_HALF) :]

    assert store.add(chunks()).sha256 == SHA256
    assert store.is_sound(SHA256)


def test_a_deleted_image_is_gone_but_not_for_those_who_read_it(
    store: Images,
) -> None:
    store.add([IMAGE])
    with store.open(SHA256) as image:
        assert store.delete(SHA256)
        assert image.read(0, len(IMAGE)) == IMAGE
    assert SHA256 not in store
    assert not store.delete(SHA256)
    with pytest.raises(NotFoundError, match=SHA256):
        store.open(SHA256)


@pytest.mark.parametrize("name", ["", "..", "../secret", "A" * 64, SHA256 + "\n"])
def test_nothing_but_a_hash_names_an_image(store: Images, name: str) -> None:
    assert name not in store
    with pytest.raises(NotFoundError):
        store.open(name)
    with pytest.raises(NotFoundError):
        store.delete(name)


def test_many_threads_add_the_same_image_at_once(store: Images, tmp_path: Path) -> None:
    barrier = threading.Barrier(6)
    added: list[str] = []

    def add() -> None:
        barrier.wait(60)
        added.append(store.add([IMAGE]).sha256)

    threads = [threading.Thread(target=add) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert added == [SHA256] * 6
    assert files_of(store, tmp_path) == [SHA256]


@pytest.mark.parametrize("size", [0, 1, TAIL_BYTES, TAIL_BYTES + 1, 900_000])
def test_the_outline_does_not_depend_on_the_pieces(size: int) -> None:
    content = gzip.compress(Random(size).randbytes(size), mtime=0)
    outlines = []
    for piece_bytes in (1, 2, 1000, 1 << 16, 1 << 22):
        if piece_bytes < 1000 < size:
            continue
        builder = OutlineBuilder()
        for start in range(0, len(content), piece_bytes):
            builder.add(content[start : start + piece_bytes])
        outlines.append((builder.finish(), builder.sha256))
    assert all(outline == outlines[0] for outline in outlines)
    outline, sha256 = outlines[0]
    assert outline.tail == content[-TAIL_BYTES:]
    assert outline.size == len(content)
    assert outline.gzip is not None
    assert outline.gzip.state == "complete"
    assert sha256 == hashlib.sha256(content).hexdigest()


def test_a_small_file_that_unpacks_to_much_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "application.adapters.image_outline.UNPACKED_BYTES_MAX", 1 << 20
    )
    builder = OutlineBuilder()
    builder.add(gzip.compress(bytes(8 << 20)))
    outline = builder.finish()
    assert outline.gzip is not None
    assert outline.gzip.state == "unchecked"
