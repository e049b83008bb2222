"""The first start makes everything, whoever else starts at the same moment."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from uuid import UUID

import psycopg
import pytest

from application.commands.rebuilding import rebuild_views
from application.errors import NewerLogError, RefusedError
from application.flashlog import DataDirectoryError, Flashlog
from application.settings import Settings
from domain.organization import DEFAULT_ORGANIZATION_ID, Organization
from tests.adapters.databases import soon
from tests.application.houses import a_device, all_rows, opened
from tests.application.test_projector import following


def test_many_that_start_at_the_same_moment_find_the_same_house(
    tmp_path: Path,
) -> None:
    together = Barrier(6)

    def start(_: int) -> tuple[UUID, str]:
        together.wait(60)
        with opened(tmp_path / "house") as flashlog:
            default = flashlog.log.get(Organization, DEFAULT_ORGANIZATION_ID)
            return flashlog.installation, default.name

    with ThreadPoolExecutor(6) as pool:
        houses = set(pool.map(start, range(6)))

    assert len(houses) == 1
    with opened(tmp_path / "house") as flashlog:
        assert flashlog.log.end() == 2


def test_nobody_else_can_look_into_the_data_directory(tmp_path: Path) -> None:
    old_mask = os.umask(0)
    try:
        with opened(tmp_path / "a" / "house"):
            pass
    finally:
        os.umask(old_mask)

    assert stat.S_IMODE((tmp_path / "a" / "house").stat().st_mode) == 0o700


def test_a_directory_that_cannot_be_used_says_what_to_set(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(DataDirectoryError, match="FLASHLOG_DATA_DIR"):
        Flashlog(Settings(data_dir=tmp_path / "file"))


def test_a_start_that_is_refused_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path / "house"):
        pass
    with monkeypatch.context() as patch:
        patch.setattr("application.adapters.log.appending.LOG_FORMAT", 0)
        for _ in range(3):
            with pytest.raises(NewerLogError):
                Flashlog(Settings(data_dir=tmp_path / "house"))

    with opened(tmp_path / "house") as flashlog:
        assert flashlog.log.end() == 2


def test_a_start_that_is_refused_leaves_nothing_open(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_dir=tmp_path / "house", database_url=postgres_url)
    Flashlog(settings).close()
    monkeypatch.setattr("application.adapters.log.appending.LOG_FORMAT", 0)
    with pytest.raises(NewerLogError) as refusal:
        Flashlog(settings)

    with psycopg.connect(postgres_url, autocommit=True) as plain:
        count = (
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'flashlog'"
        )
        assert soon(lambda: plain.execute(count).fetchone() == (0,))
    # It keeps what was made, so that nothing was merely forgotten.
    assert refusal.value.__traceback__ is not None


def test_read_models_are_rebuilt_and_come_out_equal(tmp_path: Path) -> None:
    with opened(tmp_path / "house") as flashlog:
        a_device(flashlog)
        before = all_rows(flashlog.views)

        assert rebuild_views(flashlog) == flashlog.log.end()

        assert all_rows(flashlog.views) == before


def test_read_models_are_rebuilt_by_a_projector_that_runs(tmp_path: Path) -> None:
    with opened(tmp_path / "house") as flashlog, opened(tmp_path / "house") as other:
        a_device(flashlog)
        before = all_rows(flashlog.views)
        with flashlog.alone("projector"), following(flashlog.projector):
            assert rebuild_views(other, limit_seconds=60) == other.log.end()

            assert all_rows(other.views) == before


def test_a_projector_that_makes_nothing_is_told(tmp_path: Path) -> None:
    with (
        opened(tmp_path / "house") as flashlog,
        flashlog.alone("projector"),
        pytest.raises(RefusedError, match="look at its log"),
    ):
        rebuild_views(flashlog, limit_seconds=0.2)
