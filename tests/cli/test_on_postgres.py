"""The command line with FLASHLOG_DATABASE_URL: the same words, another place."""

from pathlib import Path

import pytest

from application.commands.operations import start_upgrade
from tests.application.houses import a_device, an_image, opened, operation_of
from tests.cli.conftest import Cli


def test_an_installation_is_kept_in_postgresql(
    cli: Cli, tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASHLOG_DATABASE_URL", postgres_url)

    added = cli(
        *("user", "add", "ann", "--superuser", "--password-stdin"), stdin="w0rd-of-ann"
    )
    assert added.status == 0, added.err
    password = "tolerable-passw0rd\n"
    device = ["device", "add", "roof", "--address", "10.0.0.7", "--password-stdin"]
    assert cli(*device, "--mac", "00:11:22:aa:bb:cc", stdin=password).status == 0
    said = cli("rebuild")
    assert (said.status, said.err) == (0, "")
    assert "read models rebuilt from" in said.out
    assert "roof" in cli("device", "list").out

    for name in ("log", "read models", "checkpoints"):
        assert f"OK   {name}:" in cli("health").out
    said = cli("audit", "checkpoint")
    assert said.status == 0, said.err
    kept = tmp_path / "kept"
    kept.write_text(said.out)
    said = cli("audit", "verify", "--checkpoint", kept)
    assert said.status == 0, said.out
    assert cli("audit", "export", "--output", tmp_path / "export").status == 0

    found = {path.name for path in (tmp_path / "data").iterdir()}
    assert not [name for name in found if "sqlite" in name]
    assert "vault.key" in found

    said = cli("backup", tmp_path / "x.backup")
    assert said.status != 0
    assert "pg_dump" in said.err
    assert not (tmp_path / "x.backup").exists()

    # Back into files, and once more: everything is as it was exported.
    monkeypatch.setenv("FLASHLOG_DATABASE_URL", "")
    monkeypatch.setenv("FLASHLOG_DATA_DIR", str(tmp_path / "files"))
    assert cli("audit", "import", tmp_path / "export").status == 0
    said = cli("audit", "import", tmp_path / "export")
    assert "of them were there already" in said.out


def test_what_was_in_progress_in_a_restored_database_waits_for_a_person(
    cli: Cli, tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASHLOG_DATABASE_URL", postgres_url)
    with opened(tmp_path / "data", database_url=postgres_url) as flashlog:
        device_id, image_id = a_device(flashlog), an_image(flashlog)
        operation_id = start_upgrade(flashlog, device_id=device_id, image_id=image_id)
        with flashlog.presence.of("runner"):
            said = cli("restore")
            assert said.status != 0
            assert "stop every service and runner first" in said.err
        assert not operation_of(flashlog, operation_id).held

        said = cli("restore")

        assert said.status == 0, said.err
        assert f"flashlog operation show {operation_id}" in said.out
        held = operation_of(flashlog, operation_id).held
    assert held.startswith("the log was restored in its database: look at the router")


def test_a_database_that_does_not_answer_is_a_sentence(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "postgresql://ann:s3cret@127.0.0.1:1/flashlog"
    monkeypatch.setenv("FLASHLOG_DATABASE_URL", url)
    for command in (["health"], ["audit", "verify"], ["device", "list"]):
        said = cli(*command)
        assert said.status != 0
        assert "cannot reach postgresql://127.0.0.1:1/flashlog" in said.err
        assert "s3cret" not in said.out + said.err


def test_a_url_of_another_kind_is_refused(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASHLOG_DATABASE_URL", "mysql://ann:s3cret@db/flashlog")
    said = cli("health")
    assert said.status != 0
    assert "FLASHLOG_DATABASE_URL must begin with postgresql://" in said.err
    assert "s3cret" not in said.err
