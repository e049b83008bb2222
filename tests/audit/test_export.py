"""A log goes out as text and comes back the same."""

import json
from pathlib import Path

import pytest

from application.adapters.sqlite.storage import SQLiteStorage
from application.audit import importing
from application.audit.export import ExportError, export
from application.audit.importing import import_export
from application.audit.verification import verify
from application.sealing import seal
from tests.adapters.logs import SQLitePlace, check_whole
from tests.application.houses import a_device, all_rows, opened, stored
from tests.audit.given import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    (tmp_path / "first").mkdir()
    house = House(tmp_path / "first")
    house.append(45)
    house.sign()
    return house


def house_at(directory: Path) -> House:
    """Return a house that somebody else has filled."""
    return House(directory, is_new=False)


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir())}


def test_an_export_tells_everything_in_plain_text(house: House) -> None:
    exported = house.export("export")
    assert sorted(contents(exported)) == [
        "checkpoint",
        "checkpoints.jsonl",
        "events-000000000001.jsonl",
        "manifest.json",
    ]
    manifest = json.loads((exported / "manifest.json").read_text())
    assert manifest["events"] == 46
    assert manifest["keys"] == [house.key.verifier.text]
    (file,) = manifest["files"]
    assert (file["first"], file["last"]) == (1, 46)
    assert (exported / "checkpoint").read_text() == house.kept(46)
    line = (exported / file["name"]).read_text().splitlines()[0]
    assert list(json.loads(line)) == [
        "position",
        "originator_id",
        "originator_version",
        "topic",
        "recorded_at",
        "state",
    ]
    assert (exported / "manifest.json").stat().st_mode & 0o777 == 0o600


def test_the_same_log_gives_the_same_bytes(house: House) -> None:
    assert contents(house.export("one")) == contents(house.export("two"))


def test_many_files_are_written_in_order(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("application.audit.export._FILE_EVENTS", 20)
    exported = house.export("export")
    names = [name for name in contents(exported) if name.startswith("events")]
    assert [int(name[7:19]) for name in names] == [1, 21, 41]
    import_export(SQLiteStorage(tmp_path / "second"), exported)
    assert house_at(tmp_path / "second").export("export").is_dir()


def test_an_import_makes_the_same_log_and_the_same_tree(
    house: House, tmp_path: Path
) -> None:
    exported = house.export("export")
    done = import_export(
        SQLiteStorage(tmp_path / "second"), exported, vkeys=[house.key.verifier.text]
    )
    assert (done.events, done.already, done.checkpoints) == (46, 0, 5)
    second = house_at(tmp_path / "second")
    second.key = house.key
    assert second.rows() == house.rows()
    assert check_whole(SQLitePlace(second.log)) == 46
    assert contents(second.export("export")) == contents(exported)


def test_an_installation_goes_on_from_an_import(tmp_path: Path) -> None:
    with opened(tmp_path / "first") as flashlog:
        a_device(flashlog)
        seal(flashlog)
        flashlog.projector.catch_up()
        shown = all_rows(flashlog.views)
        first_key = flashlog.audit.key.verifier
        export(flashlog.audit, tmp_path / "export")
    with stored(tmp_path / "second") as storage:
        import_export(storage, tmp_path / "export")
    with opened(tmp_path / "second") as flashlog:
        flashlog.projector.catch_up()
        assert all_rows(flashlog.views) == shown
        a_device(flashlog, "another", mac_address="00:11:22:aa:bb:dd")
        seal(flashlog)
        audit = flashlog.audit
        keys = [first_key, audit.key.verifier]
        report = verify(audit.rows, audit.store, keys=keys)
        assert report.is_good
        assert report.signed == flashlog.log.end()


def test_an_import_that_was_killed_goes_on(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported = house.export("export")
    monkeypatch.setattr(importing, "_AT_ONCE", 10)

    def die(done: int, _total: int) -> None:
        if done == 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_export(SQLiteStorage(tmp_path / "second"), exported, progress=die)
    second = house_at(tmp_path / "second")
    assert check_whole(SQLitePlace(second.log)) == 30
    done = import_export(SQLiteStorage(tmp_path / "second"), exported)
    assert (done.events, done.already) == (46, 30)
    assert contents(second.export("export")) == contents(exported)
    again = import_export(SQLiteStorage(tmp_path / "second"), exported)
    assert (again.events, again.already) == (46, 46)


def test_another_log_is_not_imported_into(house: House, tmp_path: Path) -> None:
    exported = house.export("export")
    with opened(tmp_path / "second"):
        pass
    with (
        stored(tmp_path / "second") as storage,
        pytest.raises(ExportError, match="at position 1 it is not"),
    ):
        import_export(storage, exported)
    with opened(tmp_path / "second") as flashlog:
        assert flashlog.log.end() == 2


def test_a_log_that_has_gone_on_is_not_imported_into(house: House) -> None:
    exported = house.export("export")
    house.append(1)
    with pytest.raises(ExportError, match="at position 47 it is not"):
        import_export(SQLiteStorage(house.directory), exported)


def test_what_is_not_as_it_was_signed_is_not_imported(
    house: House, tmp_path: Path
) -> None:
    house.tamper("UPDATE event SET topic = 'Device:Removed' WHERE position = 17")
    exported = house.export("export")
    with pytest.raises(ExportError, match="position 11 to 20"):
        import_export(SQLiteStorage(tmp_path / "second"), exported)
    assert not (tmp_path / "second").exists()


def test_nothing_is_written_over(house: House) -> None:
    exported = house.export("export")
    with pytest.raises(ExportError, match="not empty"):
        house.export("export")
    assert (exported / "manifest.json").exists()


def test_before_anything_is_signed_there_is_nothing_to_export(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="nothing is signed yet"):
        House(tmp_path).export("export")


def test_an_export_that_did_not_end_is_none(house: House, tmp_path: Path) -> None:
    house.tamper("UPDATE event SET originator_id = x'00' WHERE position = 40")
    with pytest.raises(ExportError, match="position 40 is none"):
        house.export("export")
    with pytest.raises(ExportError, match="unfinished"):
        import_export(SQLiteStorage(tmp_path / "second"), house.directory / "export")
