"""Images that are added by themselves: category and build are made for them."""

import io
from typing import Any
from uuid import UUID

from werkzeug.test import TestResponse

from tests.routers.images import build_image
from tests.web.conftest import API
from tests.web.people import Caller, People

IMAGES = f"{API}/image/"
VERSION = "24.10.0 r24106-10cc5fcd00"


def add(caller: Caller, content: bytes | None = None, **said: Any) -> TestResponse:
    file = (io.BytesIO(content or build_image(release="24.10.0")), "new.bin")
    return caller.post(IMAGES, data={"file": file, **said})


def test_category_and_build_are_made_where_there_are_none(
    people: People, mine: UUID
) -> None:
    manager = people.administrator(mine)
    answer = add(manager, health_checks='["true"]')
    assert answer.status_code == 201, answer.text
    told = answer.get_json()
    assert (told["category"], told["version"]) == ("OpenWrt", VERSION)
    (build,) = manager.get(f"{API}/build/").get_json()["results"]
    assert build["category_relation"]["organization"] == str(mine)
    assert build["health_checks"] == ["true"]
    # Asked again, as after an answer that was lost.
    assert add(manager).get_json()["id"] == told["id"]
    other = add(manager, category="Wi-Fi", version="1.4").get_json()
    assert (other["category"], other["version"]) == ("Wi-Fi", "1.4")
    assert other["sha256"] == told["sha256"]


def test_what_is_no_image_leaves_nothing(people: People, mine: UUID) -> None:
    manager = people.administrator(mine)
    for content, field in ((b"nothing", "file"), (build_image(corrupt="html"), "file")):
        answer = add(manager, content)
        assert answer.status_code == 400
        assert field in answer.get_json()
    assert manager.post(IMAGES, data={}).status_code == 400
    for of in ("category", "build"):
        assert manager.get(f"{API}/{of}/").get_json()["count"] == 0


def test_it_goes_to_the_organization_of_those_who_add_it(
    people: People, admin: Caller, mine: UUID, theirs: UUID
) -> None:
    both = people.administrator(mine, theirs)
    assert list(add(both).get_json()) == ["organization"]
    assert add(both, organization=str(theirs)).status_code == 201
    foreign = add(people.administrator(mine), organization=str(theirs))
    assert (foreign.status_code, list(foreign.get_json())) == (400, ["organization"])
    assert add(admin).status_code == 201
    (build, _) = admin.get(f"{API}/build/").get_json()["results"]
    assert build["category_relation"]["organization"] not in {str(mine), str(theirs)}


def test_who_may_not_make_builds_may_not_have_them_made(
    people: People, mine: UUID
) -> None:
    assert add(people.operator(mine)).status_code == 403
    assert add(people.manager_without_permissions(mine)).status_code == 403
    assert add(people.anonymous()).status_code == 401
