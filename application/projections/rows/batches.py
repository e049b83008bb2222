"""Rows of batches."""

from application.projections.rows.shown import Showing, Shown, as_json, optional
from domain.batch.batch import Batch


def _batch(batch: Batch) -> Shown:
    plan, limits = batch.plan, batch.plan.limits
    row = {
        "build_id": str(plan.build_id),
        "category_id": str(plan.category_id),
        "organization_id": optional(plan.organization_id),
        "group_id": optional(plan.group_id),
        "location_id": optional(plan.location_id),
        "options": as_json(plan.options),
        "upgrade_all": int(plan.upgrade_all),
        "uploads_max": limits.uploads_max,
        "uploads_per_location_max": limits.uploads_per_location_max,
        "reboots_max": limits.reboots_max,
        "failures_max": limits.failures_max,
        "failures": batch.failures,
        "expendable_packages": as_json(plan.expendable_packages),
        "held": batch.held,
        "is_cancelled": int(batch.is_cancelled),
        "is_filled": int(batch.is_filled),
        "target_count": batch.total,
    }
    return Shown(table="batch", row=row)


SHOWN: Showing = {Batch: _batch}
