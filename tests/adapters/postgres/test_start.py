"""What is looked at when a process starts, and what is refused then."""

import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from application.adapters.postgres.log_schema import log_functions
from application.adapters.postgres.storage import PostgresStorage
from application.commands.keeping import kept_if_recorded
from application.errors import StorageError
from application.flashlog import Flashlog
from application.projections.projector import open_views
from application.settings import Settings, SettingsError, load_settings
from tests.adapters.logs import PostgresPlace, story
from tests.adapters.postgres.proxy import Proxy
from tests.domain import examples
from tests.postgres import tell, url_of


@pytest.fixture
def place(postgres_url: str) -> Iterator[PostgresPlace]:
    place = PostgresPlace(postgres_url)
    yield place
    place.close()


@pytest.fixture
def proxy(postgres_server: str) -> Iterator[Proxy]:
    # The name of a socket has room for about 100 characters.
    with (
        tempfile.TemporaryDirectory(prefix="flashlog-proxy-") as name,
        closing(Proxy(postgres_server, Path(name))) as proxy,
    ):
        yield proxy


def through(proxy: Proxy, url: str) -> str:
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    return url_of(str(proxy.directory), str(name))


UNGUARDING = {
    "off": "ALTER TABLE event DISABLE TRIGGER ALL",
    "gone": "DROP TRIGGER event_is_final ON event",
    "sometimes": "ALTER TABLE event ENABLE TRIGGER event_is_next",
    "another": "CREATE OR REPLACE FUNCTION event_is_kept() RETURNS trigger"
    " LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
    "none": "DROP FUNCTION event_is_kept CASCADE",
}


@pytest.mark.parametrize("unguarding", UNGUARDING.values(), ids=UNGUARDING)
def test_a_log_that_was_unguarded_is_guarded_again_at_the_next_start(
    place: PostgresPlace, tmp_path: Path, unguarding: str
) -> None:
    place.opened().insert_events(story(2))
    place.plain(unguarding)
    with closing(PostgresStorage(place.name, tmp_path, connections_max=2)) as storage:
        assert list(storage.unsound())
        assert storage.log().insert_events(story(1)) == [3]
        assert not list(storage.unsound())
    for tampering in ("UPDATE event SET topic = 'x'", "TRUNCATE event"):
        with pytest.raises(psycopg.errors.IntegrityError):
            place.plain(tampering)


def test_the_functions_of_the_log_are_known() -> None:
    assert log_functions(7).keys() == {
        "event_is_next",
        "event_is_kept",
        "append_events",
    }


def test_a_pooler_in_between_is_refused(
    proxy: Proxy, postgres_url: str, tmp_path: Path
) -> None:
    def hide_the_process(said: bytes) -> bytes:
        """Show another process than the server's, as poolers do (BackendKeyData)."""
        place = said.find(b"K\0\0\0\x0c")
        if place < 0:
            return said
        return said[: place + 5] + b"\0\0\0\1" + said[place + 9 :]

    PostgresStorage(through(proxy, postgres_url), tmp_path, connections_max=2).close()
    proxy.answer = hide_the_process
    with pytest.raises(StorageError, match="behind a pooler"):
        PostgresStorage(through(proxy, postgres_url), tmp_path, connections_max=2)


def test_a_database_of_another_encoding_is_refused(
    postgres_server: str, tmp_path: Path
) -> None:
    tell(
        postgres_server,
        "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0",
    )
    with pytest.raises(StorageError, match="encoding LATIN1"):
        PostgresStorage(url_of(postgres_server, "latin"), tmp_path, connections_max=2)
    tell(postgres_server, "DROP DATABASE latin WITH (FORCE)")


def test_a_secret_that_the_log_names_stays_when_its_answer_is_lost(
    proxy: Proxy, postgres_url: str, tmp_path: Path
) -> None:
    url = through(proxy, postgres_url)
    with closing(Flashlog(Settings(data_dir=tmp_path, database_url=url))) as flashlog:
        named: list[UUID] = []

        def record() -> None:
            with kept_if_recorded(flashlog) as keep:
                named.append(keep("secret", {"password": "x"}))
                flashlog.log.append(examples.device(uuid4()))

        append = flashlog.log.recorder.insert_events
        end = flashlog.log.end()

        def append_unanswered(*said: Any, **how: Any) -> Any:
            proxy.answer = lambda _: b""
            try:
                return append(*said, **how)
            finally:
                proxy.answer = bytes

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(flashlog.log.recorder, "insert_events", append_unanswered)
            with pytest.raises(StorageError, match="cannot reach"):
                record()
        assert flashlog.log.end() > end
        assert flashlog.vault.get(named[0], kind="secret") == {"password": "x"}


def test_one_connection_is_refused_where_two_are_needed() -> None:
    with pytest.raises(SettingsError, match="CONNECTIONS_MAX"):
        load_settings({"FLASHLOG_DATABASE_CONNECTIONS_MAX": "1"})


def test_a_turn_is_on_the_servers_disk_when_it_is_taken(
    postgres_url: str, tmp_path: Path
) -> None:
    with closing(PostgresStorage(postgres_url, tmp_path, connections_max=2)) as storage:
        open_views(storage.views)
        shown = []
        for alone in (True, False):
            with storage.views.writing(alone=alone) as connection:
                shown += connection.execute("SHOW synchronous_commit").fetchone()
    # What is projected can be projected again; whose turn it is, nobody else knows.
    assert shown == ["on", "off"]


def test_an_append_whose_answer_is_lost_is_there_once(
    proxy: Proxy, postgres_url: str, tmp_path: Path
) -> None:
    url = through(proxy, postgres_url)
    with closing(PostgresStorage(url, tmp_path, connections_max=2)) as storage:
        log = storage.log()
        log.insert_events(story(1))
        events = story(2)
        proxy.answer = lambda _: b""
        with pytest.raises(StorageError, match="cannot reach"):
            log.insert_events(events)
        proxy.answer = bytes

        assert log.max_notification_id() == 3
        # Whoever tries again without a look is told that it is there.
        with pytest.raises(Exception, match="only grows") as refusal:
            log.insert_events(events)
        assert type(refusal.value).__name__ == "IntegrityError"
        assert log.max_notification_id() == 3
