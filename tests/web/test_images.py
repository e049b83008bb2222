"""Images: upload, types, tenancy, deletion, as the contract has them."""

import gzip
import io
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest

from application.flashlog import Flashlog
from tests.routers.images import build_image
from tests.web.conftest import API
from tests.web.firmware import (
    IL,
    IMAGE,
    UNKNOWN,
    WDR4300,
    X86_64,
    a_build,
    a_category,
    an_image,
    ids,
    keys,
    upload,
)
from tests.web.people import Caller, People
from web.app import create_app

LIMIT = 31457280
TYPES = {
    WDR4300: "TP-Link TL-WDR4300 v1",
    IL: "TP-LINK TL-WDR4300 v1 (IL)",
    X86_64: "x86_64",
    "x86-64-generic-squashfs-combined-efi.img.gz": "x86_64_efi",
    "x86-generic-generic-squashfs-combined.img.gz": "x86",
}
DISK = b"\0" * 510 + b"\x55\xaa" + b"\0" * 4096


@pytest.fixture
def build(manager: Caller, mine: UUID) -> str:
    return a_build(manager, a_category(manager, organization=str(mine)))


@pytest.fixture
def shared(admin: Caller) -> str:
    return a_build(admin, a_category(admin, name="Shared"))


@pytest.fixture
def foreign(admin: Caller, theirs: UUID) -> str:
    return a_build(admin, a_category(admin, organization=str(theirs)))


def url(build: str, image: str = "") -> str:
    return f"{API}/build/{build}/image/" + (f"{image}/" if image else "")


def content(caller: Caller, path: str) -> bytes:
    with caller.get(path) as answer:
        assert answer.status_code == 200
        return bytes(answer.data)


def test_an_image_says_where_its_file_is(manager: Caller, build: str) -> None:
    answer = upload(manager, build)

    assert answer.status_code == 201
    shown = answer.get_json()
    assert (shown["type"], shown["build"]) == (WDR4300, build)
    path = f"{url(build, shown['id'])}download/"
    assert shown["file"] == f"http://localhost{path}"
    assert manager.get(url(build, shown["id"])).get_json() == shown
    assert content(manager, path) == IMAGE


@pytest.mark.parametrize("said", [{}, {"type": ""}])
@pytest.mark.parametrize(
    "name",
    [f"openwrt-{WDR4300}", f"openwrt-23.05.5-{WDR4300}", f"a-b-24.10-rc1-{WDR4300}"],
)
def test_a_type_is_told_by_the_name(
    manager: Caller, build: str, name: str, said: dict[str, Any]
) -> None:
    assert upload(manager, build, name=name, **said).get_json()["type"] == WDR4300


def test_the_longest_type_that_fits_counts(manager: Caller, build: str) -> None:
    il = build_image(board="tplink,tl-wdr4300-v1-il", size=8192)
    name = f"openwrt-23.05.5-{IL}"
    assert upload(manager, build, il, name=name).get_json()["type"] == IL


def test_a_type_that_is_named_counts_whatever_the_name_of_the_file(
    manager: Caller, build: str
) -> None:
    answer = upload(manager, build, name="firmware.bin", type=WDR4300)
    assert answer.get_json()["type"] == WDR4300


def test_a_board_that_no_table_knows_works_when_the_metadata_names_it(
    flashlog: Flashlog, manager: Caller, build: str
) -> None:
    content = build_image(board="acme,rocket-9", target="acme/generic", size=8192)
    name = "openwrt-23.05.5-acme-generic-acme_rocket-9-squashfs-sysupgrade.bin"
    own = "acme-generic-acme_rocket-9-squashfs-sysupgrade.bin"

    answer = upload(manager, build, content, name=name)

    assert answer.status_code == 201, answer.text
    assert answer.get_json()["type"] == own
    (row,) = flashlog.views.all("image")
    assert row["boards"] == '["acme,rocket-9"]'
    assert own_choices(manager, build) == [own]
    assert ids(manager.get(f"{url(build)}?type={own}"))


def test_a_type_is_not_known_from_images_of_others(
    admin: Caller, manager: Caller, build: str, foreign: str
) -> None:
    content = build_image(board="acme,rocket-9", target="acme/generic", size=8192)
    an_image(admin, foreign, content=content, name="openwrt-acme-generic-rocket.bin")
    said = {"name": "other.bin", "type": "acme-generic-rocket.bin"}

    refused = upload(manager, build, content, **said)

    assert keys(refused) == {"type"}
    assert upload(admin, build, content, **said).status_code == 201


def own_choices(caller: Caller, build: str) -> list[str]:
    """Return the types that OPTIONS names beside the built-in ones."""
    actions = caller("OPTIONS", url(build)).get_json()["actions"]
    named = actions["POST"]["type"]["choices"]
    known = {each["value"]: each["display_name"] for each in named}
    assert TYPES.items() <= known.items()
    assert len(known) >= 92
    return [value for value in known if value.startswith("acme-")]


@pytest.mark.parametrize("said", [{}, {"type": ""}])
def test_a_type_that_cannot_be_told_is_asked_for(
    manager: Caller, build: str, said: dict[str, str]
) -> None:
    answer = upload(manager, build, os.urandom(4096), name="odd.bin", **said)
    assert "type" in keys(answer)


def test_a_type_that_there_is_not_is_refused(manager: Caller, build: str) -> None:
    answer = upload(manager, build, type="x")
    assert answer.status_code == 400
    assert answer.get_json() == {"type": ['"x" is not a valid choice.']}


def test_a_build_has_one_image_of_a_type(
    flashlog: Flashlog, manager: Caller, build: str
) -> None:
    first = an_image(manager, build)
    other = build_image(board="tplink,tl-wdr4300-v1", size=8192, seed="other")

    for said in ({}, {"type": WDR4300}):
        assert keys(upload(manager, build, other, **said)) == {"__all__"}
    assert len(list(flashlog.images)) == 1
    assert manager.delete(url(build, first)).status_code == 204
    an_image(manager, build, content=other)


def test_of_two_uploads_of_a_type_at_once_one_wins(
    flashlog: Flashlog, manager: Caller, build: str
) -> None:
    app = create_app(flashlog)
    together = Barrier(2)
    contents = [
        build_image(board="tplink,tl-wdr4300-v1", size=400_000, seed=seed)
        for seed in "ab"
    ]

    def take(content: bytes) -> int:
        caller = Caller(app.test_client(), manager._headers["Authorization"][7:])
        together.wait(60)
        return upload(caller, build, content).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(take, contents)) == [201, 400]
    assert len(flashlog.views.all("image")) == 1
    assert len(list(flashlog.images)) == 1


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({}, "No file was submitted."),
        ({"file": "text"}, "not a file"),
    ],
)
def test_a_file_is_needed(
    manager: Caller, build: str, form: dict[str, object], sentence: str
) -> None:
    answer = manager.post(url(build), data=form, content_type="multipart/form-data")
    assert keys(answer) == {"file"}
    assert sentence in answer.get_json()["file"][0]


def test_an_empty_file_is_refused(manager: Caller, build: str) -> None:
    answer = upload(manager, build, b"")
    assert keys(answer) == {"file"}
    assert "empty" in answer.get_json()["file"][0]


def test_json_brings_no_file(manager: Caller, build: str) -> None:
    answer = manager.post(url(build), json={"type": WDR4300, "file": "x"})
    assert answer.get_json() == {"file": ["No file was submitted."]}


def test_what_is_no_firmware_is_refused_and_leaves_nothing(
    flashlog: Flashlog, manager: Caller, build: str
) -> None:
    for content in (IMAGE[:-1], b"<html></html>" * 99):
        assert keys(upload(manager, build, content)) == {"file"}
    assert list((flashlog.settings.data_dir / "images").iterdir()) == []


def test_an_image_of_the_limit_is_taken_and_one_byte_more_is_not(
    flashlog: Flashlog, manager: Caller, build: str
) -> None:
    board = "tplink,tl-wdr4300-v1"
    refused = upload(manager, build, build_image(board=board, size=LIMIT + 1))
    taken = upload(manager, build, build_image(board=board, size=LIMIT))

    assert keys(refused) == {"file"}
    assert taken.status_code == 201
    (row,) = flashlog.views.all("image")
    assert row["size_bytes"] == LIMIT
    directory = flashlog.settings.data_dir / "images"
    assert [each.name for each in directory.iterdir()] == [row["sha256"]]
    path = Path(directory, row["sha256"])
    assert path.stat().st_size == LIMIT


def test_a_body_far_beyond_the_limit_is_refused_for_its_file(
    flashlog: Flashlog, manager: Caller, build: str
) -> None:
    assert keys(upload(manager, build, b"x" * (LIMIT + (1 << 20)))) == {"file"}
    assert list((flashlog.settings.data_dir / "images").iterdir()) == []


def test_other_bodies_keep_their_limit(manager: Caller, mine: UUID) -> None:
    body = {"name": "x", "organization": str(mine), "description": "x" * (2 << 20)}
    assert manager.post(f"{API}/category/", json=body).status_code == 413


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("a;b $(id).bin", "ab_id.bin"),
        ("../../etc/shadow.bin", "shadow.bin"),
        ("x" * 300 + ".bin", "x" * 251 + ".bin"),
    ],
)
def test_names_of_clients_are_cleaned(
    flashlog: Flashlog, manager: Caller, build: str, sent: str, stored: str
) -> None:
    an_image(manager, build, name=sent, type=WDR4300)
    (row,) = flashlog.views.all("image")
    assert row["file_name"] == stored


def test_an_image_without_metadata_is_for_the_boards_of_its_type(
    flashlog: Flashlog, manager: Caller, build: str
) -> None:
    answer = upload(manager, build, gzip.compress(DISK), name=f"openwrt-{X86_64}")

    assert answer.status_code == 201, answer.text
    assert "pc-engines-apu2" in answer.get_json()["boards"]


def test_boards_may_be_said_where_the_image_does_not(
    manager: Caller, build: str
) -> None:
    said = {"boards": '["acme-pc", "acme-pc-2"]'}
    answer = upload(manager, build, gzip.compress(DISK), name="my-pc.img.gz", **said)

    assert answer.status_code == 201, answer.text
    assert answer.get_json()["boards"] == ["acme-pc", "acme-pc-2"]
    assert answer.get_json()["type"] == "pc.img.gz"


def test_a_build_in_the_body_is_ignored(
    manager: Caller, build: str, foreign: str
) -> None:
    form = {"file": (io.BytesIO(IMAGE), f"openwrt-{WDR4300}"), "build": foreign}
    answer = manager.post(url(build), data=form)
    assert answer.get_json()["build"] == build


def test_nothing_is_put_into_builds_of_others_or_of_all(
    flashlog: Flashlog, admin: Caller, manager: Caller, shared: str, foreign: str
) -> None:
    assert upload(manager, shared).status_code == 403
    for other in (foreign, UNKNOWN):
        answer = upload(manager, other)
        assert answer.status_code == 404
        assert answer.get_json() == {"detail": "build not found"}
    assert flashlog.views.all("image") == []
    assert list((flashlog.settings.data_dir / "images").iterdir()) == []
    assert upload(admin, shared).status_code == 201


def test_the_list_is_filtered_and_ordered(manager: Caller, build: str) -> None:
    il = build_image(board="tplink,tl-wdr4300-v1-il", size=8192)
    one = an_image(manager, build)
    two = an_image(manager, build, content=il, name=f"openwrt-{IL}")

    assert ids(manager.get(url(build))) == [two, one]
    assert ids(manager.get(f"{url(build)}?ordering=type")) == [two, one]
    assert ids(manager.get(f"{url(build)}?ordering=-type")) == [one, two]
    assert ids(manager.get(f"{url(build)}?ordering=created")) == [one, two]
    assert ids(manager.get(f"{url(build)}?type={WDR4300}")) == [one]
    assert ids(manager.get(f"{url(build)}?organization=theirs")) == []
    assert ids(manager.get(f"{url(build)}?organization=mine")) == [two, one]
    assert keys(manager.get(f"{url(build)}?type=x")) == {"type"}


def test_images_of_others_are_not_there(
    admin: Caller, manager: Caller, build: str, foreign: str
) -> None:
    image = an_image(admin, foreign)

    for path in (url(foreign), url(foreign, image), url(build, image), url(UNKNOWN)):
        assert manager.get(path).status_code == 404
    assert manager.delete(url(foreign, image)).status_code == 404
    assert manager.delete(url(build, image)).status_code == 404


def test_shared_images_are_seen_and_kept(
    admin: Caller, manager: Caller, shared: str
) -> None:
    image = an_image(admin, shared)

    assert ids(manager.get(url(shared))) == [image]
    assert manager.get(url(shared, image)).status_code == 200
    assert manager.delete(url(shared, image)).status_code == 403


def test_who_may_do_what(
    people: People, mine: UUID, manager: Caller, build: str
) -> None:
    image = an_image(manager, build)
    operator = people.operator(mine)
    nobody = people.anonymous()

    # before it is told whether the build is there
    for path in (url(UNKNOWN), url(build), url(build, image)):
        assert nobody.get(path).status_code == 401
    assert ids(operator.get(url(build))) == [image]
    assert upload(operator, build).status_code == 403
    assert operator.delete(url(build, image)).status_code == 403
    assert "actions" not in operator("OPTIONS", url(build)).get_json() or (
        operator("OPTIONS", url(build)).get_json()["actions"] == {}
    )
    for caller in (people.manager_without_permissions(mine), people.member(mine)):
        assert caller.get(url(build)).status_code == 403
        assert caller.get(url(build, image)).status_code == 403


def test_an_image_is_not_changed(manager: Caller, build: str) -> None:
    image = an_image(manager, build)
    for method in ("PUT", "PATCH"):
        assert manager(method, url(build, image), json={}).status_code == 405


def test_a_file_stays_while_another_image_is_made_of_it(
    flashlog: Flashlog, manager: Caller, build: str
) -> None:
    category = manager.get(f"{API}/build/{build}/").get_json()["category"]
    again = a_build(manager, category, version="2")
    first, second = an_image(manager, build), an_image(manager, again)

    assert manager.delete(url(build, first)).status_code == 204
    assert len(list(flashlog.images)) == 1
    assert content(manager, f"{url(again, second)}download/") == IMAGE
    assert manager.delete(url(again, second)).status_code == 204
    assert list(flashlog.images) == []
