"""The one table from exceptions to HTTP."""

import pytest
from flask.testing import FlaskClient

from application.adapters.vault_key import VaultBusyError
from application.errors import (
    AlreadyEndedError,
    CancelTooLateError,
    InvalidError,
    LogBusyError,
    LogFullError,
    NotFoundError,
    RefusedError,
    StorageError,
)
from application.log import LostRaceError


@pytest.mark.parametrize(
    ("error", "status", "key"),
    [
        (InvalidError({"a": ["no"], "b": ["no"]}), 400, "b"),
        (NotFoundError("no"), 404, "detail"),
        (CancelTooLateError("no"), 409, "error"),
        (AlreadyEndedError("no"), 409, "error"),
        (RefusedError("no"), 409, "detail"),
        (LostRaceError("no"), 409, "detail"),
        (LogBusyError("/secret/log.sqlite is locked"), 503, "detail"),
        (LogFullError("/secret/log.sqlite"), 507, "detail"),
        (StorageError("/secret/log.sqlite"), 503, "detail"),
        (VaultBusyError("/secret/vault.sqlite"), 503, "detail"),
        (RuntimeError("/secret"), 500, "detail"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_error_has_its_status_and_names_no_file(
    client: FlaskClient, error: Exception, status: int, key: str
) -> None:
    def fail() -> str:
        raise error

    client.application.view_functions["health.live"] = fail
    answer = client.get("/health/live")
    assert answer.status_code == status
    assert key in answer.get_json()
    assert b"/secret" not in answer.data
    assert ("Retry-After" in answer.headers) == (status == 503)
