"""The names of people, which are in the vault and not in the log."""

from uuid import UUID

from application.flashlog import Flashlog
from domain.errors import NotFoundError
from domain.user import User

ERASED = "somebody who was erased"


def name_of(flashlog: Flashlog, user_id: UUID) -> str:
    """Return the name of a user, or words for it where it was erased."""
    try:
        user = flashlog.log.get(User, user_id)
        return str(flashlog.vault.get(user.person_id)["username"])
    except NotFoundError:
        return ERASED
