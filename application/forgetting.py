"""Forget what a crash has left in the vault: what nothing in the log names.

A record goes into the vault before the event that names it, and one that is not needed
any more goes from it after the event that says so. A crash in between leaves it there.
"""

import logging
from contextlib import AbstractContextManager
from threading import Event as Signal
from uuid import UUID

from application.adapters.vault import CONFIGURATION_BACKUP, KEEPING
from application.beside import beside
from application.errors import StorageError
from application.flashlog import Flashlog
from application.persons import KIND as PERSON
from domain.user import User

_KINDS = (
    PERSON,
    "password",
    "token",
    "secret",
    "device-key",
    CONFIGURATION_BACKUP,
)
# How long the read models are given to show everything, and the pause before the next
# try, in seconds.
_LIMIT_SECONDS = 2.0
_PAUSE_SECONDS = 5.0
_STOP_SECONDS = 1.0

_log = logging.getLogger(__name__)


def forgetting(flashlog: Flashlog) -> AbstractContextManager[None]:
    """Forget once, in a thread, as soon as it is known what is needed."""
    return beside(lambda stop: _forget(flashlog, stop), stop_seconds=_STOP_SECONDS)


def forget_leftovers(flashlog: Flashlog) -> bool:
    """Erase what nothing names; False where that is not known just now.

    Whoever keeps something meanwhile waits, or we do.
    """
    with flashlog.alone(KEEPING) as is_alone:
        position = flashlog.log.end()
        if not is_alone or not flashlog.views.wait_for(
            position, limit_seconds=_LIMIT_SECONDS
        ):
            return False
        leftovers = flashlog.vault.ids(_KINDS) - _named(flashlog)
        for record_id in leftovers:
            flashlog.vault.erase(record_id)
    if leftovers:
        _log.info("action=forgotten records=%d of the vault", len(leftovers))
    return True


def _named(flashlog: Flashlog) -> set[UUID]:
    """Return the records of users, credentials and devices of today, and of upgrades.

    What was fetched before an upgrade belongs to its story, for good.
    """
    rows = flashlog.views.rows(
        "SELECT secret_id AS record_id FROM credentials"
        " UNION ALL SELECT key_id FROM device WHERE key_id IS NOT NULL"
        " UNION ALL SELECT backup_id FROM operation WHERE backup_id IS NOT NULL"
    )
    user_ids = [UUID(row["id"]) for row in flashlog.views.all("account")]
    users = flashlog.log.get_all(User, user_ids).values()
    of_users = {
        record_id
        for user in users
        for record_id in (user.person_id, user.password_id, user.token_id)
        if record_id
    }
    return of_users | {UUID(row["record_id"]) for row in rows}


def _forget(flashlog: Flashlog, stop: Signal) -> None:
    while not stop.is_set():
        try:
            if forget_leftovers(flashlog):
                return
        except StorageError as error:
            _log.warning("action=forgetting_waits %s", error)
        except Exception:  # noqa: BLE001 - what is left can stay a while longer
            _log.exception("action=forgetting_failed it is tried again in a moment")
        stop.wait(_PAUSE_SECONDS)
