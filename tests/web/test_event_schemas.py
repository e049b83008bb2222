"""What events carry is published, and every event is as it is published."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from application.flashlog import Flashlog
from tests.web import examples
from tests.web.conftest import API, Caller

_GOLDEN = Path(__file__).parents[1] / "golden" / "v0_1.jsonl"
_EVENTS = "/api/v1/schema/events/"


def test_every_type_is_listed_with_its_form(anybody: Caller) -> None:
    types = anybody.get(_EVENTS).get_json()["types"]
    found = {each["type"]: each for each in types}
    assert found["UpgradeOperation:FlashBegun"] == {
        "type": "UpgradeOperation:FlashBegun",
        "aggregate": "UpgradeOperation",
        "name": "FlashBegun",
        "version": 1,
        "meaning": found["UpgradeOperation:FlashBegun"]["meaning"],
    }
    assert "no return" in found["UpgradeOperation:FlashBegun"]["meaning"]


@pytest.fixture
def schemas(anybody: Caller) -> dict[str, Draft202012Validator]:
    types = anybody.get(_EVENTS).get_json()["types"]
    found = {}
    for each in types:
        schema = anybody.get(f"{_EVENTS}{each['type']}/").get_json()
        Draft202012Validator.check_schema(schema)
        found[each["type"]] = Draft202012Validator(
            schema, format_checker=FormatChecker()
        )
    return found


def test_what_is_stored_is_as_it_is_published(
    schemas: dict[str, Draft202012Validator],
) -> None:
    for line in _GOLDEN.read_text().splitlines():
        stored = json.loads(line)
        schemas[stored["topic"]].validate(json.loads(stored["state"]))


def test_what_the_feed_tells_is_as_it_is_published(
    schemas: dict[str, Draft202012Validator], flashlog: Flashlog, admin: Caller
) -> None:
    operation_id = examples.operation(flashlog)
    flashlog.show(examples.note(flashlog, operation_id, *examples.connected()))
    events = admin.get(f"{API}/event/").get_json()["events"]
    for event in events:
        schemas[event["type"]].validate(event["data"])
    assert {"UpgradeOperation:Connected", "Device:Registered"} <= {
        event["type"] for event in events
    }


def test_what_is_not_as_published_is_found(
    schemas: dict[str, Draft202012Validator],
) -> None:
    wrong = {"device_id": "x", "image_id": 1, "at": None}
    assert not schemas["UpgradeOperation:Started"].is_valid(wrong)


def test_a_type_that_there_is_not_is_not_found(anybody: Caller) -> None:
    assert anybody.get(f"{_EVENTS}Weather:Rained/").status_code == 404
