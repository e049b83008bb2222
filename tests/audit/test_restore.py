"""A restored installation goes on to prove what it was, and not what it was not."""

from pathlib import Path

import pytest

from application.audit.looking import verify_storage
from application.audit.proofs import newest_checkpoint
from application.backup import backup, restore
from application.sealing import seal
from application.settings import Settings
from tests.application.houses import a_device, opened, stored


@pytest.mark.sqlite("flashlog backup")
def test_what_was_signed_before_the_backup_stays_proved(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    before, after = tmp_path / "before", tmp_path / "after"
    with opened(first) as flashlog:
        a_device(flashlog)
        seal(flashlog)
        before.write_text(newest_checkpoint(flashlog.audit.store))
        vkey = flashlog.audit.vkey
        a_device(flashlog, "later", mac_address="00:11:22:aa:bb:01")
    backup(Settings(data_dir=first), tmp_path / "backup")
    with opened(first) as flashlog:
        a_device(flashlog, "lost", mac_address="00:11:22:aa:bb:02")
        seal(flashlog)
        after.write_text(newest_checkpoint(flashlog.audit.store))

    restore(Settings(data_dir=second), tmp_path / "backup")
    with opened(second) as flashlog:
        assert flashlog.audit.vkey == vkey
        assert seal(flashlog) == flashlog.log.end()

    def look(held: Path) -> list[str]:
        with stored(second) as storage:
            report = verify_storage(
                storage,
                vkeys=[vkey],
                held=[held],
                progress=lambda _done, _total: None,
            )
        return [each.kind for each in report.findings]

    assert look(before) == []
    assert look(after) == ["between"]
