"""What would have been answered then, from the service as it is now."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qsl

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from application import passwords
from application.adapters.log.until import LogUntil
from application.adapters.sqlite.connections import Connections
from application.flashlog import Flashlog
from application.log import EventLog
from application.past.patience import Patience
from application.past.running import lives
from application.projections.projector import Projector, open_views
from application.projections.views import Views
from application.settings import Settings
from domain.batch.batch import Batch
from domain.device.device import Device
from domain.operation.operation import UpgradeOperation
from tests.application.histories import History
from tests.web.over_http import CHEAP_SCRYPT
from tests.web.people import People
from web.app import create_app
from web.state import WebState, keep

FIRMWARE = "/api/v1/firmware-upgrader"
DEVICES = "/api/v1/controller/device"


@pytest.fixture(autouse=True, scope="module")
def _cheap() -> Iterator[None]:
    """What a password costs to check is not what these tests are about."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_SCRYPT", CHEAP_SCRYPT)
        yield


@contextmanager
def rebuilt(now: Flashlog, position: int, directory: Path) -> Iterator[Flashlog]:
    """An installation that holds the events up to a position, and no others."""
    then = copy.copy(now)
    then.log = EventLog(LogUntil(now.log.recorder, position))
    connections = open_views(Connections(directory / f"until-{position}.sqlite"))
    then.views = Views(connections)
    then.projector = Projector(then.log, connections)
    then.projector.catch_up()
    try:
        yield then
    finally:
        connections.close()


def urls(history: History) -> Iterator[str]:
    for operation_id in history.known[UpgradeOperation]:
        yield f"{FIRMWARE}/upgrade-operation/{operation_id}/"
    for device_id in history.known[Device]:
        yield f"{DEVICES}/{device_id}/"
        yield f"{FIRMWARE}/device/{device_id}/firmware/"
    for batch_id in history.known[Batch]:
        yield f"{FIRMWARE}/batch-upgrade-operation/{batch_id}/"
    yield f"{FIRMWARE}/fleet/"
    yield f"{FIRMWARE}/batch-upgrade-operation/?page_size=100"
    yield f"{DEVICES}/?page_size=100"
    for query in ("name=roof-1", "with_geo=true"):
        yield f"{DEVICES}/?page_size=100&{query}"


def require_lives_as_rows(flashlog: Flashlog, then: Flashlog, position: int) -> None:
    """What diff and exposure tell of a moment is what the rows of devices said."""
    end, patience = flashlog.log.end(), Patience(flashlog.settings)
    told = lives(flashlog, [], until=end, patience=patience)
    ran = {
        str(life.device_id): since.firmware
        for life in told
        if (since := life.at(position)) is not None
    }
    rows = {row["id"]: row for row in then.views.all("device")}
    assert ran.keys() == rows.keys()
    for device_id, firmware in ran.items():
        row = rows[device_id]
        found = (row["release"], row["revision"])
        # The visit that verifies an upgrade notes this first, and then what it found.
        installed = row["running_image_id"] == str(firmware.image_id)
        assert installed or found == (firmware.release, firmware.revision)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """One application for all installations: its routes take a while."""
    flashlog = Flashlog(Settings(data_dir=tmp_path_factory.mktemp("app")))
    flashlog.close()
    return create_app(flashlog)


class Asking:
    """A superuser, of an installation as it is now and as it was."""

    def __init__(self, app: Flask, flashlog: Flashlog) -> None:
        self._app = app
        self._now = flashlog
        self._caller = People(flashlog, app.test_client()).superuser()

    def now(self, url: str, **query: Any) -> tuple[int, Any]:
        return self._told(self._now, url, **query)

    def then(self, then: Flashlog, url: str) -> tuple[int, Any]:
        return self._told(then, url)

    def _told(self, flashlog: Flashlog, url: str, **query: Any) -> tuple[int, Any]:
        keep(self._app, WebState.of(flashlog))
        path, _, asked = url.partition("?")
        answer = self._caller.get(path, query_string=dict(parse_qsl(asked)) | query)
        assert answer.status_code in {200, 404}, (url, answer.text)
        # What there was not is missed in other words where another table was asked.
        return answer.status_code, answer.status_code == 200 and answer.get_json()


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 1 << 32))
def test_what_is_told_of_the_past_is_what_was_told_then(app: Flask, seed: int) -> None:
    chance = Random(seed)
    with TemporaryDirectory() as name:
        of = Settings(data_dir=Path(name), request_rate_limit="off")
        flashlog = Flashlog(of)
        flashlog.projector.catch_up()
        asking = Asking(app, flashlog)
        first = flashlog.log.end()
        history = History(flashlog.log, chance)
        history.begin()
        for _ in range(30):
            history.go_on()
        flashlog.projector.catch_up()
        end = flashlog.log.end()
        for position in {end, *(chance.randint(first, end) for _ in range(2))}:
            with rebuilt(flashlog, position, Path(name)) as then:
                require_lives_as_rows(flashlog, then, position)
                for url in urls(history):
                    asked = asking.now(url, as_of=position)
                    assert asked == asking.then(then, url)
        flashlog.close()
