"""The catalogue: looked at, made, changed, deleted, and how images come into it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from werkzeug.test import TestResponse

from application.commands.builds import create_build
from application.commands.categories import create_category
from application.flashlog import Flashlog
from application.settings import Settings
from domain.organization import DEFAULT_ORGANIZATION_ID
from tests.application.stock import BOARD, OTHER_BOARD, Stock
from tests.console.pages import CSRF, Browser, text_of
from tests.routers.images import build_image
from tests.web.firmware import MULTIPART, an_organization, multipart
from tests.web.people import People

_NAME = "openwrt-ath79-generic-tplink_archer-c7-v5-squashfs-sysupgrade.bin"
_IMAGE = build_image(board=BOARD, size=8192)


@pytest.fixture
def flashlog(tmp_path: Path) -> Iterator[Flashlog]:
    settings = Settings(data_dir=tmp_path, image_size_max_bytes=1 << 20)
    made = Flashlog(settings)
    made.projector.catch_up()
    yield made
    made.close()


@pytest.fixture
def build_id(flashlog: Flashlog) -> UUID:
    category_id = create_category(
        flashlog, name="Wi-Fi", organization_id=DEFAULT_ORGANIZATION_ID
    )
    return create_build(flashlog, category_id=category_id, version="24.10.0")


def sent(
    browser: Browser,
    build_id: UUID,
    content: bytes = _IMAGE,
    name: str = _NAME,
    **said: Any,
) -> TestResponse:
    """Send the form of a build's page as a browser without scripts does."""
    form = {"csrfmiddlewaretoken": CSRF, "type": "", "boards": ""} | said
    return browser.client.post(
        f"/firmware/builds/{build_id}/images/",
        data=multipart(content, name, **form),
        content_type=MULTIPART,
    )


def images(flashlog: Flashlog) -> list[dict[str, Any]]:
    return flashlog.views.all("image", {})


def test_an_empty_catalogue_is_told_the_next_step(
    admin: Browser, operator: Browser
) -> None:
    assert "Add category" in text_of(admin.get("/firmware/"))
    # Operators may look and upgrade, no more.
    page = text_of(operator.get("/firmware/"))
    assert "No firmware yet" in page
    assert "Add category" not in page


def test_category_and_build_are_made_changed_and_deleted(
    admin: Browser, flashlog: Flashlog
) -> None:
    said = {"name": "Wi-Fi", "description": "on roofs", "organization": ""}
    made = admin.post("/firmware/categories/add/", said)
    assert made.status_code == 303
    category = made.location
    assert "The category was added" in text_of(admin.get(category))

    build = {"version": "24.10", "os": " ", "health_checks": "true\n\n uptime \n"}
    made = admin.post(f"{category}builds/add/", build)
    assert made.status_code == 303
    (row,) = flashlog.views.all("build", {})
    assert (row["os"], row["health_checks"]) == (None, '["true","uptime"]')

    changed = build | {"version": "24.10.1", "health_checks": "", "changelog": "safer"}
    assert admin.post(f"{made.location}edit/", changed).status_code == 303
    page = text_of(admin.get(made.location))
    assert "Wi-Fi 24.10.1" in page
    assert "safer" in page

    assert "Delete the build 24.10.1?" in text_of(admin.get(f"{made.location}delete/"))
    assert admin.post(f"{made.location}delete/").location == category
    assert admin.post(f"{category}delete/").location == "/firmware/"
    assert not flashlog.views.all("category", {})


def test_what_is_wrong_with_a_form_stands_beside_what_was_typed(
    admin: Browser, build_id: UUID, flashlog: Flashlog
) -> None:
    (category,) = flashlog.views.all("category", {})
    path = f"/firmware/categories/{category['id']}/builds/add/"
    page = admin.post(path, {"version": "24.10.0", "changelog": "kept words"})
    assert page.status_code == 400
    assert "must make a unique set" in text_of(page)
    assert "kept words" in text_of(page)
    page = admin.post("/firmware/categories/add/", {"name": " ", "description": "kept"})
    assert page.status_code == 400
    assert 'aria-describedby="wrong-name"' in page.text
    assert "kept" in text_of(page)


def test_what_an_upgrade_needs_is_not_deleted_and_the_page_says_why(
    admin: Browser, flashlog: Flashlog
) -> None:
    stock = Stock(flashlog)
    category = stock.category()
    old, new = stock.build(category), stock.build(category)
    stock.device(stock.image(old))
    image_id = stock.image(new)
    start = admin.client.post(
        f"/api/v1/firmware-upgrader/build/{new}/upgrade/",
        headers={"X-CSRFToken": CSRF},
    )
    assert start.status_code == 201
    for path in (f"categories/{category}", f"builds/{new}", f"images/{image_id}"):
        page = admin.post(f"/firmware/{path}/delete/")
        assert page.status_code == 409
        assert "is in use: the mass upgrade" in text_of(page)
        assert admin.get(f"/firmware/{path}/").status_code == 200


def test_an_image_is_added_and_found_on_its_page(
    admin: Browser, build_id: UUID, flashlog: Flashlog
) -> None:
    answer = sent(admin, build_id)
    assert answer.status_code == 303
    page = text_of(admin.get(answer.location))
    assert f"{_NAME} was added." in page
    (image,) = images(flashlog)
    page = text_of(admin.get(f"/firmware/images/{image['id']}/"))
    for words in (BOARD, image["sha256"], image["release"], "none in the file"):
        assert words in page
    assert "Download" in page


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"<html>", _NAME, "file"),
        (b"", _NAME, "empty"),
        (_IMAGE, "", "No filename"),
        (bytes(1 << 21), _NAME, "bigger than the 1048576 bytes allowed"),
    ],
)
def test_a_refused_image_says_why_beside_the_file_and_nothing_stays(
    admin: Browser,
    build_id: UUID,
    flashlog: Flashlog,
    content: bytes,
    name: str,
    words: str,
) -> None:
    page = sent(admin, build_id, content, name)
    assert page.status_code in {400, 413}
    assert 'id="wrong-file"' in page.text
    assert words in text_of(page)
    assert not images(flashlog)
    assert not [each for each in flashlog.images.directory.rglob("*") if each.is_file()]


def test_an_image_that_is_there_already_is_refused_with_that_reason(
    admin: Browser, build_id: UUID
) -> None:
    sent(admin, build_id)
    page = sent(admin, build_id)
    assert page.status_code == 400
    assert "with this Build and Type already exists" in text_of(page)


def test_boards_are_said_by_a_person_where_the_file_says_none(
    admin: Browser, build_id: UUID, flashlog: Flashlog
) -> None:
    name = "thing.bin"
    bare = build_image(board=BOARD, size=8192, corrupt="no-metadata")
    page = sent(admin, build_id, bare, name)
    assert page.status_code == 400
    assert sent(admin, build_id, bare, name, boards="a,b c,d").status_code == 303
    assert images(flashlog)[0]["boards"] == '["a,b","c,d"]'


def test_the_devices_of_an_image_are_counted_and_listed_as_far_as_they_are_ones_own(
    admin: Browser, operator: Browser, flashlog: Flashlog
) -> None:
    stock = Stock(flashlog)
    build = stock.build(stock.category(None))
    image = f"/firmware/images/{(image_id := stock.image(build))}/"
    runs = stock.new_device(name="runs-it")
    runs.assign_firmware(image_id, firmware_id=uuid4(), installed=True)
    stock.tell(runs)
    stock.device(name="could-run-it", model=BOARD)
    stock.device(name="is-another", model=OTHER_BOARD)
    theirs = an_organization(flashlog, "theirs")
    stock.device(name="foreign", model=BOARD, organization_id=theirs)

    page = text_of(admin.get(image))
    assert "Running it 1 Others it fits 2" in page
    assert "runs-it" in page
    assert "could-run-it" not in page
    page = text_of(admin.get(f"{image}?devices=others"))
    assert "could-run-it" in page
    assert "foreign" in page
    assert "is-another" not in page
    page = text_of(operator.get(f"{image}?devices=others"))
    assert "Others it fits 1" in page
    assert "foreign" not in page
    page = text_of(operator.get(f"/firmware/builds/{build}/"))
    assert "1 of 3 active devices have an image here" in page


def test_what_belongs_to_others_is_not_there(
    people: People, flashlog: Flashlog, build_id: UUID, admin: Browser
) -> None:
    sent(admin, build_id)
    (image,) = images(flashlog)
    (category,) = flashlog.views.all("category", {})
    theirs = an_organization(flashlog, "theirs")
    user_id = people.administrator(theirs).user_id
    assert user_id
    stranger = Browser(flashlog, user_id)
    assert "No firmware yet" in text_of(stranger.get("/firmware/"))
    for path in (
        f"categories/{category['id']}/",
        f"builds/{build_id}/",
        f"images/{image['id']}/",
    ):
        assert stranger.get(f"/firmware/{path}").status_code == 404
        assert stranger.post(f"/firmware/{path}delete/").status_code == 404
    assert sent(stranger, build_id, name="openwrt-other.bin").status_code == 404
    said = {"name": "mine", "organization": str(DEFAULT_ORGANIZATION_ID)}
    page = stranger.post("/firmware/categories/add/", said)
    assert page.status_code == 400
    assert "object does not exist" in text_of(page)


def test_operators_may_look_but_not_change(
    operator: Browser, build_id: UUID, flashlog: Flashlog
) -> None:
    path = f"/firmware/builds/{build_id}/"
    page = text_of(operator.get(path))
    assert "Delete" not in page
    assert "Add images" not in page
    assert operator.post(f"{path}delete/").status_code == 403
    assert sent(operator, build_id).status_code == 403
    assert operator.post("/firmware/categories/add/").status_code == 403
    assert len(flashlog.views.all("build", {})) == 1


def test_a_forged_form_adds_no_image(
    admin: Browser, build_id: UUID, flashlog: Flashlog
) -> None:
    assert sent(admin, build_id, csrfmiddlewaretoken="guessed").status_code == 403
    assert not images(flashlog)
