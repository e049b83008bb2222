"""Checkpoints are signed in time while a service runs, by one process."""

import stat
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from time import monotonic, sleep

import pytest

from application.adapters.signing_key import SigningKeyError
from application.flashlog import Flashlog
from application.projecting import standing_in
from application.sealing import seal, sealing
from domain.transparency.note import SigningKey, VerifierKey
from tests.application.houses import a_device, opened
from tests.audit.given import append

_LIMIT_SECONDS = 60.0


def until(is_so: Callable[[], bool]) -> None:
    deadline = monotonic() + _LIMIT_SECONDS
    while not is_so():
        assert monotonic() < deadline
        sleep(0.02)


def signed(flashlog: Flashlog) -> int:
    newest = flashlog.audit.store.newest()
    return newest.size if newest else 0


def test_the_first_start_makes_a_key_of_its_own(tmp_path: Path) -> None:
    with opened(tmp_path) as flashlog:
        vkey = flashlog.audit.vkey
        assert VerifierKey.read(vkey).name == f"flashlog/{flashlog.installation}"
    with opened(tmp_path) as flashlog:
        assert flashlog.audit.vkey == vkey


@pytest.mark.sqlite("its file; PostgreSQL has it sealed: audit/test_moving")
def test_the_key_is_in_a_file_that_nobody_else_can_read(tmp_path: Path) -> None:
    with opened(tmp_path) as flashlog:
        vkey = flashlog.audit.vkey
    assert stat.S_IMODE((tmp_path / "audit.key").stat().st_mode) == 0o600
    assert SigningKey.read((tmp_path / "audit.key").read_text()).verifier.text == vkey


@pytest.mark.parametrize("content", ["", "PRIVATE+KEY+a+b+c", "\udcff"])
def test_a_damaged_key_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "audit.key").write_text(content, errors="surrogateescape")
    (tmp_path / "audit.key").chmod(0o600)
    with opened(tmp_path) as flashlog, pytest.raises(SigningKeyError, match="damaged"):
        _ = flashlog.audit


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "audit.key").write_text(f"{SigningKey.make('flashlog/roof').text}\n")
    (tmp_path / "audit.key").chmod(0o640)
    with (
        opened(tmp_path) as flashlog,
        pytest.raises(SigningKeyError, match="chmod 600"),
    ):
        _ = flashlog.audit


def test_an_event_waits_no_longer_than_was_said(tmp_path: Path) -> None:
    with opened(tmp_path, checkpoint_seconds=0.3) as flashlog, sealing(flashlog):
        until(lambda: signed(flashlog) == flashlog.log.end())
        a_device(flashlog)
        until(lambda: signed(flashlog) == flashlog.log.end())


def test_many_events_wait_for_nobody(tmp_path: Path) -> None:
    with (
        opened(tmp_path, checkpoint_seconds=1e6, checkpoint_events_max=50) as flashlog,
        sealing(flashlog),
    ):
        append(flashlog.log.recorder, 120)
        until(lambda: signed(flashlog) == flashlog.log.end())
    with opened(tmp_path) as flashlog:
        sizes = [0, *(each.size for each in flashlog.audit.store.checkpoints())]
    assert all(after - before <= 50 for before, after in pairwise(sizes))


def test_a_service_that_starts_signs_at_once(tmp_path: Path) -> None:
    with opened(tmp_path, checkpoint_seconds=1e6) as flashlog, sealing(flashlog):
        until(lambda: signed(flashlog) == flashlog.log.end())


def test_a_service_that_stops_signs_what_is_left(tmp_path: Path) -> None:
    with opened(tmp_path, checkpoint_seconds=1e6) as flashlog:
        with sealing(flashlog):
            until(lambda: seal(flashlog) is None)
            a_device(flashlog)
        assert signed(flashlog) == flashlog.log.end()


def test_one_process_signs_at_a_time(tmp_path: Path) -> None:
    with opened(tmp_path) as flashlog, flashlog.alone("audit") as is_alone:
        assert is_alone
        assert seal(flashlog) is None
    with opened(tmp_path) as flashlog:
        assert seal(flashlog) == flashlog.log.end()


def test_a_changed_log_is_told_and_signed_no_further(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(tmp_path, checkpoint_seconds=0.1) as flashlog:
        seal(flashlog)
        flashlog.audit.store.grow({(0, 0): b"\0" * 64})
        with flashlog.audit.store._database.writing() as connection:
            connection.execute("UPDATE checkpoint SET note = ''")
        with sealing(flashlog):
            until(lambda: "action=log_changed" in caplog.text)
        assert signed(flashlog) == 2


def test_a_long_log_is_let_be_when_the_service_stops(tmp_path: Path) -> None:
    with opened(tmp_path, checkpoint_events_max=10) as flashlog:
        append(flashlog.log.recorder, 100)
        asked: list[int] = []

        def is_enough() -> bool:
            asked.append(len(asked))
            return len(asked) > 3

        assert flashlog.audit.keeper().catch_up(is_enough=is_enough) == 30
        assert seal(flashlog) == flashlog.log.end()


def test_a_runner_without_a_service_signs_too(tmp_path: Path) -> None:
    with opened(tmp_path, checkpoint_seconds=0.1) as flashlog, standing_in(flashlog):
        a_device(flashlog)
        until(lambda: signed(flashlog) == flashlog.log.end())
