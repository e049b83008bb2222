"""What the log on PostgreSQL does by PostgreSQL's own means."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.adapters.logs import PostgresPlace, check_whole, rows, story


@pytest.fixture
def place(postgres_url: str) -> Iterator[PostgresPlace]:
    place = PostgresPlace(postgres_url)
    yield place
    place.close()


INSERT = (
    "INSERT INTO event (position, originator_id, originator_version, topic, state,"
    " recorded_at) VALUES "
)
TAMPERING = {
    "update": "UPDATE event SET topic = 'x' WHERE position = 2",
    "delete": "DELETE FROM event WHERE position = 3",
    "delete all": "DELETE FROM event",
    "truncate": "TRUNCATE event",
    "truncate with others": "TRUNCATE event, format CASCADE",
    "insert the same": f"{INSERT}(3, '\\x0a', 3, 't', '', 9)",
    "upsert a position": f"{INSERT}(3, '\\x0b', 1, 't', '', 9)"
    " ON CONFLICT (position) DO UPDATE SET topic = 'x'",
    "upsert a story": f"{INSERT}(4, '\\x0a', 3, 't', '', 9)"
    " ON CONFLICT (originator_id, originator_version) DO UPDATE SET topic = 'x'",
    "upsert nothing": f"{INSERT}(3, '\\x0b', 1, 't', '', 9) ON CONFLICT DO NOTHING",
    "leave a hole": f"{INSERT}(5, '\\x0b', 1, 't', '', 9)",
    "leave a hole behind": f"{INSERT}(4, '\\x0b', 1, 't', '', 9),"
    " (6, '\\x0b', 2, 't', '', 9)",
    "insert before the first": f"{INSERT}(0, '\\x0b', 1, 't', '', 9)",
    "insert without position": f"{INSERT}(NULL, '\\x0b', 1, 't', '', 9)",
    "leave a hole in a story": f"{INSERT}(4, '\\x0a', 5, 't', '', 9)",
    "go back in time": f"{INSERT}(4, '\\x0b', 1, 't', '', 4)",
    "merge": "MERGE INTO event USING (SELECT 2 AS place) AS new ON position = place"
    " WHEN MATCHED THEN UPDATE SET topic = 'x'",
}


@pytest.mark.parametrize("role", ["origin", "replica"])
def test_a_plain_client_cannot_change_what_happened(
    place: PostgresPlace, role: str
) -> None:
    place.opened()
    for version in (1, 2, 3):
        place.plain(f"{INSERT}({version}, '\\x0a', {version}, 't', '', 5)")
    before = rows(place)
    as_somebody = f"SET session_replication_role = {role}"

    for name, tampering in TAMPERING.items():
        with pytest.raises(psycopg.errors.IntegrityError):
            place.plain(as_somebody, tampering)
        assert rows(place) == before, name


def test_two_plain_clients_leave_no_hole(place: PostgresPlace) -> None:
    place.opened()
    first = f"{INSERT}(1, '\\x0a', 1, 't', '', 5)"
    second = f"{INSERT}(2, '\\x0b', 1, 't', '', 5)"
    with psycopg.connect(place.name) as other:
        other.execute("SET search_path = flashlog_log")
        other.execute(first.encode())
        with pytest.raises(psycopg.errors.IntegrityError):
            place.plain(second)
        other.rollback()

    assert check_whole(place) == 0


def test_an_append_is_on_the_servers_disk_when_it_returns(place: PostgresPlace) -> None:
    log = place.opened()
    log.insert_events(story(1))

    with log._database.reading() as connection:
        found = connection.execute("SHOW synchronous_commit").fetchone()

    assert found == ("on",)


def test_an_append_is_one_round_trip(place: PostgresPlace, tmp_path: Path) -> None:
    log = place.opened()
    log.insert_events(story(1))
    pool = log._database.pool  # type: ignore[attr-defined]
    trace = tmp_path / "trace"
    with trace.open("w") as file:
        with pool.lent() as raw:
            raw.pgconn.trace(file.fileno())
        log.insert_events(story(5))
        with pool.lent() as raw:
            raw.pgconn.untrace()

    sent = [line.split("\t")[1:4] for line in trace.read_text().splitlines()]
    asked = [each for each in sent if "F" in each and {"Sync", "Query"} & {*each}]
    assert len(asked) == 1, trace.read_text()
