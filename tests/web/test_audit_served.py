"""The real service signs, publishes, and is killed in the middle of it."""

import os
import signal
import threading
from functools import partial
from pathlib import Path
from urllib.request import urlopen

import pytest

from application.audit.looking import verify_storage
from application.settings import Settings
from domain.transparency.checkpoint import checkpoint_of
from domain.transparency.note import Note
from tests.application.houses import opened_log, stored
from tests.audit.given import append
from tests.web.serving import Service, eventually, serving

pytestmark = pytest.mark.process

PREFIX = "/api/v1/firmware-upgrader/audit"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path / "data",
        bind="127.0.0.1:0",
        log_level="WARNING",
        checkpoint_events_max=7,
        checkpoint_seconds=0.1,
    )


def published(service: Service) -> str:
    with urlopen(f"{service.url}{PREFIX}/checkpoint", timeout=60) as answer:
        text: bytes = answer.read()
    return text.decode()


def test_a_service_signs_and_whatever_kills_it_what_was_signed_fits(
    settings: Settings, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    with (
        serving(settings) as service,
        stored(settings.data_dir) as storage,
        opened_log(settings.data_dir) as log,
    ):
        key = storage.signing_key("made by the service").verifier
        stop = threading.Event()

        def signed(service: Service) -> int:
            return checkpoint_of(Note.read(published(service)), key).size

        def is_beyond(service: Service, size: int) -> bool:
            return signed(service) > size

        def go_on() -> None:
            while not stop.wait(0.01):
                append(log.recorder, 5)

        writer = threading.Thread(target=go_on)
        writer.start()
        try:
            for _ in range(3):
                size = signed(service)
                eventually(partial(is_beyond, service, size))
                kept.write_text(published(service))
                os.kill(service.children()["projector"], signal.SIGKILL)
        finally:
            stop.set()
            writer.join()
        eventually(lambda: signed(service) == log.end())
    with stored(settings.data_dir) as storage:
        report = verify_storage(
            storage,
            vkeys=[key.text],
            held=[kept],
            progress=lambda _done, _total: None,
        )
    assert report.findings == []
    assert report.held == 1
    assert report.unsigned == 0
