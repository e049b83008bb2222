"""What is other in a bucket than in a folder; the rest is in test_image_store.py."""

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from application.adapters.bucket import Bucket
from application.adapters.image_bucket import ImageBucket
from application.errors import StorageError
from application.flashlog import Flashlog
from application.settings import Settings, SettingsError
from domain.errors import NotFoundError
from tests.adapters.buckets import (
    BUCKET,
    LOGIN,
    URL,
    bucket_server,
    clear,
    in_bucket,
)
from tests.routers.images import build_image

__all__ = ["bucket_server"]

IMAGE = build_image(size=100_000)
SHA256 = hashlib.sha256(IMAGE).hexdigest()
OTHER = build_image(size=100_001)
OTHER_SHA256 = hashlib.sha256(OTHER).hexdigest()
LONG_AGO = (0, 1_000_000_000)


@pytest.fixture
def server(bucket_server: Any) -> Any:
    clear(bucket_server)
    return bucket_server


def put(server: Any, name: str, content: bytes) -> None:
    server.put_object(Bucket=BUCKET, Key=f"images/{name}", Body=content)


def test_what_one_machine_took_in_another_one_reads(
    server: Any, tmp_path: Path
) -> None:
    in_bucket(server, tmp_path / "a").add([IMAGE])
    elsewhere = in_bucket(server, tmp_path / "b")
    assert SHA256 in elsewhere
    with elsewhere.open(SHA256) as image:
        assert (image.size, image.sha256) == (len(IMAGE), SHA256)
        assert image.read(50_000, 9) == IMAGE[50_000:50_009]


def test_an_image_is_fetched_once_however_many_routers_are_waiting(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_bucket(server, tmp_path / "a").add([IMAGE])
    elsewhere = in_bucket(server, tmp_path / "b")
    fetched: list[str] = []
    pieces = Bucket.pieces

    def noted(bucket: Bucket, name: str) -> Iterator[bytes]:
        fetched.append(name)
        return pieces(bucket, name)

    monkeypatch.setattr(Bucket, "pieces", noted)
    read: list[bytes] = []
    threads = [
        threading.Thread(
            target=lambda: read.append(elsewhere.open(SHA256).read(0, len(IMAGE)))
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read == [IMAGE] * 4
    assert fetched == [SHA256]


def test_no_image_is_ever_whole_in_memory(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = in_bucket(server, tmp_path / "a")
    bodies: list[object] = []
    put_object = store._bucket._client.put_object

    def noted(**sent: Any) -> Any:
        bodies.append(sent["Body"])
        return put_object(**sent)

    monkeypatch.setattr(store._bucket._client, "put_object", noted)
    store.add([build_image(size=1_000_000)])
    assert not isinstance(bodies[0], bytes)
    (sha256,) = store
    assert max(map(len, store._bucket.pieces(sha256))) <= 256 * 1024


def test_what_is_not_what_its_name_says_is_never_read(
    server: Any, tmp_path: Path
) -> None:
    put(server, SHA256, IMAGE[:-1] + b"?")
    store = in_bucket(server, tmp_path)
    with pytest.raises(StorageError, match="holds something else"):
        store.open(SHA256)
    assert list(tmp_path.iterdir()) == []
    put(server, SHA256, IMAGE)
    assert store.open(SHA256).read(0, len(IMAGE)) == IMAGE


def test_what_others_have_in_the_bucket_is_no_image_and_is_left_alone(
    server: Any, tmp_path: Path
) -> None:
    put(server, "README", b"ours")
    server.put_object(Bucket=BUCKET, Key=SHA256, Body=IMAGE)
    store = in_bucket(server, tmp_path)
    assert list(store) == []
    with pytest.raises(NotFoundError):
        store.open(SHA256)
    assert not store.delete(SHA256)
    assert server.head_object(Bucket=BUCKET, Key=SHA256)["ContentLength"]


def test_more_objects_than_fit_on_a_page_of_the_list_are_all_told(
    server: Any, tmp_path: Path
) -> None:
    store = in_bucket(server, tmp_path)
    names = sorted(hashlib.sha256(bytes([n])).hexdigest() for n in range(5))
    for name in names:
        put(server, name, b"")
    client = store._bucket._client
    client.meta.events.register(
        "before-parameter-build.s3.ListObjectsV2",
        lambda params, **_: params.update(MaxKeys=2),
    )
    assert list(store) == names


def test_copies_that_nobody_uses_make_room_and_come_again(
    server: Any, tmp_path: Path
) -> None:
    store = in_bucket(server, tmp_path, copies_bytes_max=len(OTHER))
    store.add([IMAGE])
    os.utime(tmp_path / SHA256, LONG_AGO)
    with store.open(SHA256):
        pass  # in use again, so it stays although there are too many
    store.add([OTHER])
    assert {each.name for each in tmp_path.iterdir()} == {SHA256, OTHER_SHA256}

    os.utime(tmp_path / SHA256, LONG_AGO)
    store.add([OTHER])
    assert [each.name for each in tmp_path.iterdir()] == [OTHER_SHA256]
    assert list(store) == sorted([SHA256, OTHER_SHA256])
    assert store.open(SHA256).read(0, len(IMAGE)) == IMAGE


def test_a_bucket_that_cannot_be_reached_is_told_and_keeps_nothing(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in LOGIN.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("application.adapters.bucket._TRIES_MAX", 1)
    gone = ImageBucket(
        Bucket(URL, endpoint_url="http://127.0.0.1:1"),
        tmp_path,
        copies_bytes_max=1 << 30,
    )
    acts: list[Callable[[], object]] = [
        lambda: gone.add([IMAGE]),
        lambda: gone.open(SHA256),
        lambda: SHA256 in gone,
        lambda: list(gone),
        lambda: gone.delete(SHA256),
    ]
    for act in acts:
        with pytest.raises(StorageError, match="s3://firmware/images/"):
            act()
    assert list(tmp_path.iterdir()) == []


def test_a_bucket_that_refuses_is_told_without_its_secrets(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ImageBucket(
        Bucket("s3://not-there", endpoint_url=server.meta.endpoint_url),
        tmp_path,
        copies_bytes_max=1 << 30,
    )
    with pytest.raises(StorageError, match="s3://not-there/") as refused:
        store.add([IMAGE])
    assert LOGIN["AWS_SECRET_ACCESS_KEY"] not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url",
    ["https://bucket", "s3://", "s3:///images", "s3://user:word@bucket", "s3://b?x=y"],
)
def test_an_address_that_cannot_be_meant_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="s3://bucket/prefix"):
        Flashlog(Settings(data_dir=tmp_path, images_url=url))
