"""What `/metrics` tells of several processes, and what a scrape costs."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from application.flashlog import Flashlog
from application.queries.figures import figures
from application.settings import Settings
from tests.web import examples


@pytest.fixture
def two(postgres_url: str, tmp_path: Path) -> Iterator[tuple[Flashlog, Flashlog]]:
    settings = Settings(data_dir=tmp_path, database_url=postgres_url)
    with closing(Flashlog(settings)) as one, closing(Flashlog(settings)) as other:
        yield one, other


def told(flashlog: Flashlog) -> dict[str, float]:
    return {
        figure.name: figure.values[()]
        for figure in figures(flashlog)
        if () in figure.values
    }


def test_the_slots_of_all_runners_are_told(two: tuple[Flashlog, Flashlog]) -> None:
    one, other = two
    visits_max = one.settings.runner_visits_max
    assert told(one)["runner_visits_free"] == 0
    with one.presence.of("runner"), other.presence.of("runner"):
        assert told(one)["runner_visits_free"] == 2 * visits_max
        operation_id = examples.operation(one)
        one.show(one.log.end())
        now = one.clock.now().timestamp()
        with one.storage.views.writing() as connection:
            connection.execute(
                "UPDATE due SET runner = ?, lease_until = ? WHERE operation_id = ?",
                ("r1", now + 60, str(operation_id)),
            )
        assert told(other)["runner_visits_free"] == 2 * visits_max - 1


def test_log_and_lag_are_told_on_postgresql(two: tuple[Flashlog, Flashlog]) -> None:
    one, other = two
    one.show(one.log.end())
    before = told(other)
    assert before["log_bytes"] > 8192
    assert before["projector_lag_events"] == 0
    operation_id = examples.operation(one)
    one.show(one.log.end())
    examples.note(one, operation_id, *examples.connected())
    behind = told(other)
    assert behind["log_events"] == one.log.end()
    assert behind["projector_lag_events"] == 3
    assert 0 <= behind["projector_lag_seconds"] < 60


@pytest.mark.sqlite("it reads SQLite's plan")
def test_a_scrape_reads_no_table_of_operations_from_end_to_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, Any]] = []
    with closing(Flashlog(Settings(data_dir=tmp_path))) as flashlog:
        rows = flashlog.views.rows

        def noted(statement: str, parameters: Any = ()) -> Any:
            asked.append((statement, parameters))
            return rows(statement, parameters)

        monkeypatch.setattr(flashlog.views, "rows", noted)
        figures(flashlog)
        plans = [
            (statement, step["detail"])
            for statement, parameters in asked
            for step in rows(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    assert len(plans) >= len(asked) > 4
    # What has ended is counted in an index of two columns, which is all that is read.
    whole = [
        plan
        for plan in plans
        if "SCAN operation" in plan[1]
        and "operation_troubled" not in plan[1]
        and "COVERING INDEX operation_status" not in plan[1]
    ]
    assert whole == []
