"""`flashlog audit` as a person uses it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from application.adapters.database import Connection
from application.audit import verifier
from tests.application.houses import stored
from tests.cli.conftest import Cli


def change_the_log(directory: Path) -> None:
    with closing(sqlite3.connect(directory / "data" / "log.sqlite")) as connection:
        trigger = "WHERE name = 'event_is_final'"
        (sql,) = connection.execute(
            f"SELECT sql FROM sqlite_schema {trigger}"
        ).fetchone()
        connection.execute("DROP TRIGGER event_is_final")
        connection.execute("UPDATE event SET recorded_at = 1 WHERE position = 2")
        connection.execute(sql)
        connection.commit()


@contextmanager
def written_beside(directory: Path) -> Iterator[Connection]:
    """Change what is kept of the tree, as whoever may write to the database can."""
    with (
        stored(directory / "data") as storage,
        storage.tree()._database.writing() as connection,
    ):
        yield connection


def test_a_log_is_signed_kept_and_verified(cli: Cli, tmp_path: Path) -> None:
    key = cli("audit", "key").out.strip()
    kept = tmp_path / "kept"
    kept.write_text(cli("audit", "checkpoint").out)
    assert kept.read_text() == cli("audit", "checkpoint").out

    said = cli("audit", "verify", "--checkpoint", kept, "--key", key)
    assert said.status == 0, said.out
    assert "1 stored checkpoint and 1 of yours fit, up to 2 events" in said.out
    assert f"verified: signed by {key}" in said.out
    assert said.err == ""


@pytest.mark.sqlite("changes its file; PostgreSQL: audit/test_moving")
def test_a_changed_event_is_told_by_its_position(cli: Cli, tmp_path: Path) -> None:
    cli("audit", "checkpoint")
    change_the_log(tmp_path)
    said = cli("audit", "verify")
    assert said.status == 1
    assert "CHANGED position 2: not what was signed" in said.out
    said = cli("audit", "verify", "--json")
    assert said.status == 1
    assert said.json["is_good"] is False
    (finding,) = said.json["findings"]
    assert (finding["kind"], finding["first"], finding["last"]) == ("changed", 2, 2)


def test_without_a_checkpoint_nothing_is_proved(cli: Cli) -> None:
    cli("device", "list")
    said = cli("audit", "verify")
    assert said.status == 1
    assert "nothing is proved" in said.out


def test_a_log_that_cannot_be_opened_any_more_is_verified_all_the_same(
    cli: Cli, tmp_path: Path
) -> None:
    cli("audit", "checkpoint")
    (tmp_path / "data" / "vault.key").unlink()
    assert cli("device", "list").status == 1
    assert cli("audit", "verify").status == 0


def test_what_is_wrong_with_a_question_is_told(cli: Cli, tmp_path: Path) -> None:
    assert cli("audit", "verify").status == 5
    cli("device", "list")
    said = cli("audit", "verify", "--key", "foo")
    assert said.status == 2
    assert "no Ed25519 key" in said.err
    text = tmp_path / "text"
    text.write_bytes(b"\xff")
    said = cli("audit", "verify", "--checkpoint", text)
    assert said.status == 2
    assert str(text) in said.err


def test_a_log_is_exported_verified_and_imported(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = cli("audit", "key").out.strip()
    exported = tmp_path / "export"
    said = cli("audit", "export", "--output", exported)
    assert said.status == 0, said.err
    assert f"flashlog-verify {exported} --key {key}" in said.out
    assert verifier.main([str(exported), "--key", key]) == 0
    assert cli("audit", "export", "--output", exported).status == 1

    monkeypatch.setenv("FLASHLOG_DATA_DIR", str(tmp_path / "second"))
    said = cli("audit", "import", exported, "--key", key)
    assert said.status == 0, said.err
    assert "imported 2 events" in said.out
    assert cli("audit", "verify", "--key", key).status == 0
    said = cli("audit", "export", "--output", tmp_path / "again", "--json")
    assert said.json["events"] == 2
    for path in exported.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


def test_a_changed_export_is_not_imported(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported = tmp_path / "export"
    cli("audit", "export", "--output", exported)
    (path,) = exported.glob("events-*")
    path.write_text(path.read_text().replace('"position":2', '"position":3'))
    monkeypatch.setenv("FLASHLOG_DATA_DIR", str(tmp_path / "second"))
    said = cli("audit", "import", exported)
    assert said.status == 1
    assert "is not what was signed, so nothing is imported: position 2" in said.err


def test_health_tells_how_far_the_log_is_signed(cli: Cli, tmp_path: Path) -> None:
    assert "checkpoints: 0 of 2 events are signed" in cli("health").out
    cli("audit", "checkpoint")
    assert "OK   checkpoints: 2 of 2 events are signed" in cli("health").out
    with written_beside(tmp_path) as connection:
        connection.execute("UPDATE checkpoint SET size = 9")
    said = cli("health")
    assert said.status == 1
    assert "LOOK checkpoints: 9 of 2 events are signed: the service" in said.out


def test_changed_hashes_are_made_again(cli: Cli, tmp_path: Path) -> None:
    cli("audit", "checkpoint")
    with written_beside(tmp_path) as connection:
        connection.execute("UPDATE tile SET hashes = ?", (bytes(64),))
    said = cli("audit", "verify")
    assert said.status == 1
    assert "TILES positions 1 to 2: the log is right" in said.out
    assert "hashes of 2 events made again" in cli("audit", "rebuild").out
    assert cli("audit", "verify").status == 0


@pytest.mark.sqlite("changes its file; PostgreSQL: audit/test_moving")
def test_hashes_are_not_made_again_from_a_changed_log(cli: Cli, tmp_path: Path) -> None:
    cli("audit", "checkpoint")
    change_the_log(tmp_path)
    said = cli("audit", "rebuild")
    assert said.status == 1
    assert "the log is not what the checkpoint of 2 events signed" in said.err
    assert "CHANGED position 2" in cli("audit", "verify").out


def test_a_new_key_signs_from_now_on(cli: Cli) -> None:
    old = cli("audit", "key").out.strip()
    cli("audit", "checkpoint")
    new = cli("audit", "new-key").out.strip()
    assert new != old
    assert cli("audit", "key", "--json").json == {"key": new}
    verified = cli("audit", "verify")
    assert verified.status == 0
    assert f"verified: signed by {old}, {new}" in " ".join(verified.out.split())
