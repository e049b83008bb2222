"""A database that goes away in the middle of a visit."""

from pathlib import Path
from typing import NoReturn

import pytest

from application.errors import StorageError
from domain.operation.words import Status
from tests.contract.routers import simulated_router
from tests.procedure.world import World


def test_secrets_that_cannot_be_asked_for_just_now_are_no_failure(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vault is in the database: without it the visit stops, and comes again."""
    with simulated_router() as router:
        world = World(tmp_path, router, database_url=postgres_url)
        try:
            operation_id = world.start()
            database = vars(world.flashlog.vault._file)["_database"]
            with monkeypatch.context() as patched:
                patched.setattr(database, "reading", _unreachable)
                with pytest.raises(StorageError, match="vault cannot be used just now"):
                    world.advance(operation_id)
            assert "RetryScheduled" not in world.names(operation_id)

            assert world.settle(operation_id).status is Status.SUCCESS
        finally:
            world.close()


def _unreachable() -> NoReturn:
    raise StorageError("cannot reach postgresql:///flashlog")
