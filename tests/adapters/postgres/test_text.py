"""Texts that PostgreSQL refuses, and the projector may not stumble over."""

from pathlib import Path
from random import Random
from uuid import uuid4

import msgspec
import pytest

from application.log import EventLog
from application.projections.projector import Projector
from application.projections.views import Views
from domain.catalogue import Build, BuildCreated, Category, CategoryCreated
from domain.device.device import Device
from domain.device.words import Learned
from tests.application.houses import opened_log
from tests.application.read_models import Place, place
from tests.domain import examples

__all__ = ["place"]

_NUL = "a\0b"
# More than fits into an entry of an index, however well it is compressed.
_LONG = "".join(
    Random(1).choices([chr(each) for each in range(0x4E00, 0x9000)], k=9000)
)


@pytest.mark.parametrize("text", [_NUL, _LONG], ids=["nul", "long"])
def test_whatever_a_router_or_a_person_says_is_projected(
    place: Place, tmp_path: Path, text: str
) -> None:
    with opened_log(tmp_path) as log, place.opened() as database:
        device_id = _say_everywhere(log, text)
        Projector(log, database).catch_up()

        views = Views(database)
        assert views.position() == log.end()
        shown = views.one("device", str(device_id))
        assert shown is not None
        for column in ("board", "learned_model", "release", "revision", "model"):
            assert shown[column].startswith(text[0])


def _say_everywhere(log: EventLog, text: str) -> object:
    device = examples.device(uuid4())
    log.append(device)
    device = log.get(Device, device.id)
    device.change(msgspec.structs.replace(device.description, model=text, system=text))
    device.learn(Learned(board=text, model=text, release=text, revision=text))
    device.note_packages((text,))
    category = Category.create(
        uuid4(), CategoryCreated(name=text, description=text, organization_id=None)
    )
    build = Build.create(
        uuid4(),
        BuildCreated(category_id=category.id, version=text, os=text, changelog=text),
    )
    log.append(device, category, build)
    return device.id


def test_a_question_with_a_nul_is_answered(place: Place) -> None:
    with place.opened() as database, database.reading() as connection:
        found = connection.execute(
            "SELECT 1 FROM device WHERE name = ? OR id IN"
            " (SELECT value FROM json_each(?))",
            (_NUL, msgspec.json.encode([_NUL]).decode()),
        ).fetchall()
    assert found == []


def test_only_a_nul_is_shown_otherwise(postgres_url: str) -> None:
    place = Place(postgres_url)
    texts = [_NUL, "\\u0000", "\\\0", "\\\\u0000", "\ufffd"]
    asked = msgspec.json.encode(texts).decode()
    with place.opened() as database, database.reading() as connection:
        rows = connection.execute("SELECT value FROM json_each(?)", (asked,)).fetchall()
        first = connection.execute(
            "SELECT json_extract(?, '$[0]')", (asked,)
        ).fetchone()
    assert [value.replace("\0", "\ufffd") for (value,) in rows] == [
        each.replace("\0", "\ufffd") for each in texts
    ]
    assert first[0].replace("\0", "\ufffd") == "a\ufffdb"
