"""The section of mass upgrades, who sees them and who decides on them."""

from uuid import UUID

from application.projections.views import Row
from web.api.authentication import asking
from web.console.section import Section
from web.console.texts import marked

SEE = ("view_batchupgradeoperation", "change_batchupgradeoperation")
DECIDE = "change_batchupgradeoperation"

blueprint = Section("mass_upgrades", words=marked("Mass upgrades"))


def may(permission: str, row: Row) -> bool:
    """Whether whoever asks may do this to a thing, which has an `organization_id`."""
    account, owner = asking(), row["organization_id"]
    return account.may(permission) and account.may_change(
        UUID(owner) if owner else None
    )
