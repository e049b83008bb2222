"""The interface's own description, for programs and for people."""

import re
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import validate

from application.flashlog import Flashlog
from tests.web.conftest import Caller
from web.api.described import is_described
from web.api.schema.document import document, handlers
from web.app import create_app


@pytest.fixture
def app(flashlog: Flashlog) -> Flask:
    return create_app(flashlog)


@pytest.fixture
def shown(anybody: Caller) -> dict[str, Any]:
    answer = anybody.get("/api/v1/schema/")
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    found = answer.get_json()
    assert isinstance(found, dict)
    return found


def operations(shown: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method} {path}": said
        for path, item in shown["paths"].items()
        for method, said in item.items()
        if method != "parameters"
    }


def test_the_document_is_valid_openapi_3_1(shown: dict[str, Any]) -> None:
    assert shown["openapi"] == "3.1.0"
    validate(shown)


def test_every_method_of_every_url_is_in_the_document(
    app: Flask, shown: dict[str, Any]
) -> None:
    expected = {
        re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", r"{\1}", each.lower())
        for each in handlers(app)
    }
    assert {each.lower() for each in operations(shown)} == expected


def test_every_handler_says_what_it_takes_and_gives(app: Flask) -> None:
    silent = [place for place, each in handlers(app).items() if not is_described(each)]
    assert silent == []


def test_every_handler_says_in_a_sentence_what_it_does(shown: dict[str, Any]) -> None:
    said = operations(shown)
    assert [
        place for place, each in said.items() if not each["summary"].endswith(".")
    ] == []


def test_every_operation_has_an_id_of_its_own(shown: dict[str, Any]) -> None:
    ids = [each["operationId"] for each in operations(shown).values()]
    assert len(ids) == len(set(ids))


def test_every_tag_is_explained(shown: dict[str, Any]) -> None:
    assert [tag["name"] for tag in shown["tags"] if not tag["description"]] == []
    named = {tag for each in operations(shown).values() for tag in each["tags"]}
    assert named == {tag["name"] for tag in shown["tags"]}


def test_only_the_log_in_the_description_and_proofs_are_open_to_everybody(
    shown: dict[str, Any],
) -> None:
    is_open = [
        place for place, each in operations(shown).items() if each["security"] == []
    ]
    proof = "get /api/v1/firmware-upgrader/audit"
    assert sorted(is_open) == [
        f"{proof}/checkpoint/",
        f"{proof}/consistency/",
        f"{proof}/inclusion/",
        f"{proof}/tile/{{level}}/{{number}}/",
        "get /api/v1/schema/",
        "get /api/v1/schema/events/",
        "get /api/v1/schema/events/{event_type}/",
        "post /api/v1/users/token/",
    ]


def test_a_change_in_a_session_needs_the_csrf_token_too(shown: dict[str, Any]) -> None:
    (cancel,) = [
        each
        for place, each in operations(shown).items()
        if place.endswith("upgrade-operation/{operation_id}/cancel/")
    ]
    assert cancel["security"] == [{"token": []}, {"session": [], "csrf": []}]


def test_what_is_answered_may_have_more_keys_later_unless_tests_ask(app: Flask) -> None:
    def closed(shown: dict[str, Any]) -> bool:
        shape = shown["components"]["schemas"]["Operation"]
        return shape.get("additionalProperties", True) is False

    assert not closed(document(app))
    assert closed(document(app, is_closed=True))


class _Reader(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.headings: list[int] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        for name, value in attrs:
            if name == "id":
                self.ids.append(str(value))
            if name in {"href", "src"}:
                self.links.append(str(value))
            if name == "style" or name.startswith("on"):
                self.inline.append(name)


@pytest.fixture
def page(anybody: Caller) -> _Reader:
    answer = anybody.get("/api/v1/docs/")
    assert answer.status_code == 200
    reader = _Reader()
    reader.feed(answer.text)
    return reader


def test_the_page_needs_no_script_and_nothing_from_elsewhere(page: _Reader) -> None:
    assert not {"script", "style", "img", "iframe", "form"} & set(page.tags)
    assert page.inline == []
    assert [each for each in page.links if not each.startswith(("#", "/"))] == []


def test_the_page_allows_itself_its_style_sheet_alone(anybody: Caller) -> None:
    policy = anybody.get("/api/v1/docs/").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self';")
    assert "unsafe" not in policy
    with anybody.get("/static/interface.css") as style:
        assert style.mimetype == "text/css"


def test_every_link_of_the_page_leads_somewhere(page: _Reader) -> None:
    anchors = [link.removeprefix("#") for link in page.links if link.startswith("#")]
    assert len(page.ids) == len(set(page.ids))
    assert set(anchors) <= set(page.ids)


def test_no_heading_skips_a_level(page: _Reader) -> None:
    levels = page.headings
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_the_page_shows_every_operation(page: _Reader, shown: dict[str, Any]) -> None:
    ids = {each["operationId"] for each in operations(shown).values()}
    assert ids <= set(page.ids)
