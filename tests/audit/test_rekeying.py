"""Another key signs from now on, and the one before vouches for it."""

from pathlib import Path

import pytest

from application.audit.export import export
from application.audit.importing import import_export
from application.audit.looking import verify_storage
from application.audit.origins import ORIGINS, Origins
from application.audit.verifier import verify as verify_export
from application.backup import backup, restore
from application.errors import RefusedError
from application.rekeying import change_key
from application.sealing import ROLE, seal
from application.settings import Settings
from domain.transparency.note import Note, VerifierKey
from tests.application.houses import a_device, opened, stored


def kinds(directory: Path, *vkeys: str) -> list[tuple[str, int, int]]:
    with stored(directory) as storage:
        report = verify_storage(
            storage, vkeys=vkeys, held=(), progress=lambda _done, _total: None
        )
    return [(each.kind.value, each.first, each.last) for each in report.findings]


def rekeyed(directory: Path) -> tuple[str, str, int]:
    """Return the old and the new key, and how much the old one has signed."""
    with opened(directory, checkpoint_events_max=2) as flashlog:
        a_device(flashlog)
        old = flashlog.audit.vkey
        new = change_key(flashlog).text
        size = flashlog.log.end()
    with opened(directory) as flashlog:
        assert flashlog.audit.vkey == new
        a_device(flashlog, "later", mac_address="00:11:22:aa:bb:01")
        seal(flashlog)
    return old, new, size


def test_the_old_key_vouches_for_the_new_one(tmp_path: Path) -> None:
    old, new, size = rekeyed(tmp_path)
    assert old != new
    with opened(tmp_path) as flashlog:
        kept = flashlog.audit.store.checkpoint(size)
        assert kept
        note = Note.read(kept.note)
        end = flashlog.log.end()
    for vkey in (old, new):
        note.verify(VerifierKey.read(vkey))
    assert kinds(tmp_path) == kinds(tmp_path, old, new) == []
    assert kinds(tmp_path, old) == [("signature", size + 1, end)]
    assert kinds(tmp_path, new) == [("signature", 1, size - 1)]


def test_an_export_of_both_keys_is_verified_with_both(tmp_path: Path) -> None:
    old, new, _ = rekeyed(tmp_path / "data")
    with opened(tmp_path / "data") as flashlog:
        manifest = export(flashlog.audit, tmp_path / "export")
    assert manifest.keys == [old, new]
    assert verify_export(tmp_path / "export", vkeys=[old, new]).is_good
    assert not verify_export(tmp_path / "export", vkeys=[old]).is_good
    with stored(tmp_path / "again") as storage:
        import_export(storage, tmp_path / "export", vkeys=[old, new])
        assert Origins.of(storage.secrets).keys == (old, new)
    assert kinds(tmp_path / "again") == []


def test_while_somebody_signs_the_key_stays(tmp_path: Path) -> None:
    with opened(tmp_path) as flashlog, flashlog.alone(ROLE):
        vkey = flashlog.audit.vkey
        with pytest.raises(RefusedError, match="stop it first"):
            change_key(flashlog)
    with opened(tmp_path) as flashlog:
        assert flashlog.audit.vkey == vkey


@pytest.mark.sqlite("flashlog backup")
def test_who_signed_before_is_known_after_a_restore(tmp_path: Path) -> None:
    rekeyed(tmp_path / "data")
    backup(Settings(data_dir=tmp_path / "data"), tmp_path / "backup")
    restore(Settings(data_dir=tmp_path / "again"), tmp_path / "backup")
    assert kinds(tmp_path / "again") == []


def test_damage_to_what_is_known_of_old_keys_is_found(tmp_path: Path) -> None:
    _, _, size = rekeyed(tmp_path)
    for damaged in (b'{"keys": ["no key"], "imported"', b'{"keys": ["no key"]}'):
        with stored(tmp_path) as storage:
            storage.secrets.save(ORIGINS, damaged)
        assert kinds(tmp_path) == [("signature", 1, size - 1)]
