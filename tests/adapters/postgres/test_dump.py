"""PostgreSQL's own backup: a dump, and vault.key, images and recordings beside it."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from psycopg import IntegrityError, connect

from application.audit.looking import verify_storage
from application.commands.batches import Wish, start_batch
from application.commands.operations import resume_operation, start_upgrade
from application.holding_all import hold_restored
from application.sealing import seal
from domain.credentials import Credentials
from domain.device.device import Device
from tests.application.houses import (
    a_device,
    all_rows,
    an_image,
    claimed,
    opened,
    operation_of,
)
from tests.application.stock import ROOT, Stock
from tests.domain import examples
from tests.postgres import create, programs, tell, url_of


@pytest.fixture
def restored_url(postgres_server: str) -> Iterator[str]:
    """The URL of the empty database that a dump is restored into."""
    name = f"restored_{uuid4().hex}"
    create(postgres_server, name)
    yield url_of(postgres_server, name)
    tell(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


def run(program: str, *words: object) -> None:
    found = programs()
    assert found
    done = subprocess.run(
        [str(found / program), *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_dump_brings_back_log_vault_read_models_and_identity(
    tmp_path: Path, postgres_url: str, restored_url: str
) -> None:
    dump, again = tmp_path / "flashlog.dump", tmp_path / "again"
    with opened(tmp_path / "house", database_url=postgres_url) as flashlog:
        stock = Stock(flashlog)
        category_id = stock.category()
        old, new = (stock.build(category_id) for _ in range(2))
        stock.image(new)
        stock.device(stock.image(old))
        batch_id = start_batch(flashlog, ROOT, build_id=new, wish=Wish())
        device_id, image_id = a_device(flashlog), an_image(flashlog)
        operation_id = start_upgrade(flashlog, device_id=device_id, image_id=image_id)
        seal(flashlog)
        flashlog.show(flashlog.log.end())
        before, end = all_rows(flashlog.views), flashlog.log.end()
        installation = flashlog.installation
        signed_by = flashlog.audit.key.verifier.text

        run("pg_dump", "--format=custom", f"--file={dump}", postgres_url)
    shutil.copytree(tmp_path / "house", again)
    run("pg_restore", "--exit-on-error", f"--dbname={restored_url}", dump)

    with opened(again, database_url=restored_url) as flashlog:
        assert (flashlog.log.end(), flashlog.installation) == (end, installation)
        assert all_rows(flashlog.views) == before
        report = verify_storage(
            flashlog.storage,
            vkeys=[signed_by],
            held=(),
            progress=lambda _done, _total: None,
        )
        assert (report.findings, report.events) == ([], end)
        device = flashlog.log.get(Device, device_id)
        (connection,) = device.enabled_connections
        login = flashlog.log.get(Credentials, connection.credentials_id)
        assert flashlog.vault.get(login.secret_id)["password"] == "secret"
        with connect(restored_url) as plain, pytest.raises(IntegrityError):
            plain.execute("DELETE FROM flashlog_log.event WHERE position = 1")

        assert hold_restored(flashlog, by=examples.PERSON) == (operation_id,)
        batch = flashlog.views.one("batch", str(batch_id))
        assert batch
        assert "restored in its database" in batch["held"]
        now = flashlog.clock.now().timestamp() + 10**6
        assert claimed(flashlog.due, now=now) == []
        resume_operation(flashlog, operation_id=operation_id)
        assert claimed(flashlog.due, now=now) == [operation_id]
        assert operation_of(flashlog, operation_id).held == ""
