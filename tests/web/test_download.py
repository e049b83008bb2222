"""Download: the very bytes, whole or in part, for whom the contract names."""

import gzip
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from uuid import UUID

import pytest
from werkzeug.wrappers import Response

from application.flashlog import Flashlog
from tests.routers.images import build_image
from tests.web.conftest import API
from tests.web.firmware import (
    IMAGE,
    UNKNOWN,
    WDR4300,
    X86_64,
    a_build,
    a_category,
    an_image,
    upload,
)
from tests.web.people import Caller, People

DISK = b"\0" * 510 + b"\x55\xaa" + b"\0" * 4096
MIB = 1 << 20


@pytest.fixture
def build(manager: Caller, mine: UUID) -> str:
    return a_build(manager, a_category(manager, organization=str(mine)))


@pytest.fixture
def url(manager: Caller, build: str) -> str:
    return path(build, an_image(manager, build))


def path(build: str, image: str) -> str:
    return f"{API}/build/{build}/image/{image}/download/"


@pytest.fixture
def got(manager: Caller, url: str) -> Iterator[Response]:
    with manager.get(url) as answer:
        yield answer


def status(caller: Caller, url: str, **headers: str) -> int:
    with caller.get(url, headers=headers) as answer:
        return answer.status_code


def test_the_bytes_are_those_that_came(got: Response) -> None:
    assert got.status_code == 200
    assert got.data == IMAGE
    headers = got.headers
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Length"] == str(len(IMAGE))
    assert headers["Content-Disposition"] == f'inline; filename="openwrt-{WDR4300}"'
    assert headers["Cache-Control"] == (
        "max-age=0, no-cache, must-revalidate, proxy-revalidate"
    )
    assert headers["Expires"].endswith("1970 00:00:00 GMT")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Last-Modified"]
    assert "Content-Encoding" not in headers


def test_a_compressed_image_is_not_unpacked_on_the_way(
    manager: Caller, build: str
) -> None:
    content = gzip.compress(DISK)
    image = an_image(manager, build, content=content, name=f"openwrt-{X86_64}")

    with manager.get(path(build, image), headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.data == content
        assert "Content-Encoding" not in answer.headers
        assert answer.headers["Content-Type"] == "application/octet-stream"


def test_head_tells_the_size_and_gives_nothing(manager: Caller, url: str) -> None:
    answer = manager("HEAD", url)
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(IMAGE))
    answer.close()


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-99", 0, 100), ("bytes=8000-", 8000, 8192), ("bytes=-10", 8182, 8192)],
)
def test_a_part_may_be_asked_for(
    manager: Caller, url: str, asked: str, start: int, end: int
) -> None:
    with manager.get(url, headers={"Range": asked}) as answer:
        assert answer.status_code == 206
        assert answer.data == IMAGE[start:end]
        assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/8192"


def test_a_part_that_there_is_not_is_refused(manager: Caller, url: str) -> None:
    with manager.get(url, headers={"Range": "bytes=9000-"}) as answer:
        assert answer.status_code == 416
        assert answer.headers["Content-Range"] == "bytes */8192"
        assert "detail" in answer.get_json()


def test_several_parts_at_once_are_the_whole(manager: Caller, url: str) -> None:
    with manager.get(url, headers={"Range": "bytes=0-9,20-29"}) as answer:
        assert (answer.status_code, answer.data) == (200, IMAGE)


def test_who_has_it_already_is_told_so(
    manager: Caller, url: str, got: Response
) -> None:
    etag = got.headers["ETag"]
    now = datetime.now(UTC)

    assert status(manager, url, **{"If-Modified-Since": format_datetime(now)}) == 304
    before = format_datetime(now - timedelta(days=1))
    assert status(manager, url, **{"If-Modified-Since": before}) == 200
    assert status(manager, url, **{"If-None-Match": etag}) == 304


@pytest.mark.parametrize("accept", ["application/octet-stream", "image/png", "*/*"])
def test_any_form_of_answer_is_accepted(manager: Caller, url: str, accept: str) -> None:
    assert status(manager, url, Accept=accept) == 200


def test_a_download_is_for_staff_that_manages_the_organization(
    people: People, manager: Caller, mine: UUID, theirs: UUID, url: str
) -> None:
    foreign = people.administrator(theirs)

    assert status(people.anonymous(), url) == 401
    assert status(people.superuser(), url) == 200
    assert status(people.operator(mine), url) == 200
    assert status(people.manager_without_permissions(mine), url) == 403
    assert status(people.member(mine), url) == 403
    with foreign.get(url) as answer:
        assert answer.status_code == 403
        assert answer.get_json() == {"detail": ""}


def test_a_manager_who_is_no_staff_gets_none(
    people: People, mine: UUID, url: str
) -> None:
    user_id = people.user(mine, is_admin=True, is_staff=False, groups=(2, 1))
    assert status(people.caller(user_id), url) == 403


def test_a_shared_image_is_for_every_manager(
    admin: Caller, people: People, mine: UUID
) -> None:
    shared = a_build(admin, a_category(admin, name="Shared"))
    url = path(shared, an_image(admin, shared))
    for caller in (people.operator(mine), people.administrator(mine)):
        assert status(caller, url) == 200


def test_what_is_not_in_the_build_is_not_found(
    flashlog: Flashlog, manager: Caller, build: str, url: str
) -> None:
    image = url.split("/")[-3]
    category = manager.get(f"{API}/build/{build}/").get_json()["category"]
    other = a_build(manager, category, version="2")

    for missing in (
        path(other, image),
        path(UNKNOWN, image),
        path(build, UNKNOWN),
        path(build, "no-uuid"),
    ):
        answer = manager.get(missing)
        assert answer.status_code == 404
        assert "detail" in answer.get_json()
    (sha256,) = flashlog.images
    flashlog.images.delete(sha256)
    assert manager.get(url).status_code == 404


def test_nothing_is_changed_here(manager: Caller, url: str) -> None:
    # before the method is told, the permission that it would need
    assert manager.delete(url).status_code == 405
    assert manager.put(url).status_code == 405


@pytest.mark.in_process
def test_an_image_is_never_whole_in_memory(
    flashlog: Flashlog, manager: Caller, build: str, tmp_path: Path
) -> None:
    content = build_image(board="tplink,tl-wdr4300-v1", size=25 * MIB)
    upload(manager, build, content[:-1])  # what is loaded and cached once
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        answer = upload(manager, build, content)
        _, peak = tracemalloc.get_traced_memory()
        assert answer.status_code == 201
        # The caller makes the form and has it in memory once more: what is more than
        # twice the file is the server's.
        assert peak - before < 2 * len(content) + 4 * MIB
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        received = 0
        with manager.get(
            path(build, answer.get_json()["id"]), buffered=False
        ) as download:
            for chunk in download.response:
                received += len(chunk)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert received == len(content)
    assert peak - before < MIB
