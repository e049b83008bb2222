"""The section of the catalogue, and who may change what of it."""

from uuid import UUID

from application.projections.views import Row
from web.api.authentication import asking
from web.console.section import Section
from web.console.texts import marked

blueprint = Section("firmware", words=marked("Firmware"))


def may(permission: str, row: Row) -> bool:
    """Whether whoever asks may do this to a thing, which has an `organization_id`."""
    account = asking()
    owner = row["organization_id"]
    return account.may(permission) and account.may_change(
        UUID(owner) if owner else None
    )
