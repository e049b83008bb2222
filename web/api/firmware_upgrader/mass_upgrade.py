"""Upgrade every device that a build is for: see who that would be, and start."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Response, request
from marshmallow import Schema, fields

from application.commands.batches import Wish, selected, start_batch
from application.commands.idempotency import RequestKey
from application.projections.views import Row
from application.queries.selection import Selection
from web.answers import json_answer
from web.api import filters
from web.api.authentication import asking
from web.api.bodies import load, load_from
from web.api.described import Description, Parameter, described
from web.api.fields import Body, Id, Packages, Truth, Whole
from web.api.idempotency import once
from web.api.lookup import changeable, own_reference, visible
from web.api.resource import Resource
from web.state import flashlog

_LIMIT_MAX = 10_000


class FormTruth(Truth):
    """A yes or no; a form's blank is no."""

    def __init__(self, **others: Any) -> None:
        super().__init__(**others)
        self.falsy = Truth.falsy | {""}


class SelectingBody(Body):
    """Whom a mass upgrade is for, and what decides on whom of these it comes to.

    Group and location together mean both.
    """

    group = Id(load_default=None, allow_none=True)
    location = Id(load_default=None, allow_none=True)
    upgrade_all = FormTruth(load_default=False)
    upgrade_options = fields.Raw(load_default=None, allow_none=True)
    expendable_packages = Packages(load_default=list)


class Limit(Whole):
    """How many there may be at most; null: as many as the settings say."""

    def __init__(self, *, least: int = 1) -> None:
        super().__init__(
            least=least, most=_LIMIT_MAX, load_default=None, allow_none=True
        )


class StartBody(SelectingBody):
    """What a mass upgrade may be told."""

    uploads_max = Limit()
    uploads_per_location_max = Limit()
    reboots_max = Limit()
    failures_max = Limit(least=0)


class SkippedShown(Schema):
    """A device that is not upgraded, and why."""

    device = fields.UUID()
    name = fields.String()
    reason = fields.String()


class WarnedShown(Schema):
    """A device whose operation would be aborted as things are, and why."""

    device = fields.UUID()
    name = fields.String()
    reason = fields.String()


class DryRunShown(Schema):
    """Who would be upgraded; `devices` only with `upgrade_all`."""

    device_firmwares = fields.List(fields.UUID())
    devices = fields.List(fields.UUID())
    skipped = fields.List(fields.Nested(SkippedShown))
    warnings = fields.List(fields.Nested(WarnedShown))


class BatchStartedShown(Schema):
    """The id of what was started."""

    batch = fields.UUID()


@described(
    Description(
        answers={HTTPStatus.OK: DryRunShown},
        query=(
            Parameter(name="group", meaning="only devices of it", format="uuid"),
            Parameter(name="location", meaning="only devices at it", format="uuid"),
            Parameter(name="upgrade_all", meaning="has no effect here", kind="boolean"),
            Parameter(name="upgrade_options", meaning="as for the start, in JSON"),
            Parameter(
                name="expendable_packages",
                meaning="packages that may be lost: one, or a list in JSON",
            ),
            Parameter(name="organization", meaning="slug of the organization"),
        ),
        refusals=(HTTPStatus.BAD_REQUEST,),
    )
)
def _dry_run(build_id: UUID) -> Response:
    """Show whom a mass upgrade to this build would be for, and who is skipped."""
    visible("build", build_id, slug=filters.slug("organization"))
    asked = load_from(SelectingBody, dict(request.args))
    found = selected(flashlog(), asking(), build_id, wish_of(asked))
    return json_answer(_shown(found))


@described(
    Description(
        body=StartBody,
        answers={HTTPStatus.CREATED: BatchStartedShown},
        is_idempotent=True,
    )
)
def _start(build_id: UUID) -> Response:
    """Start a mass upgrade to this build; it goes on in the background."""
    changeable("build", build_id, slug=filters.slug("organization"))
    wish = wish_of(load(StartBody))

    def start(key: RequestKey) -> UUID:
        return start_batch(flashlog(), asking(), build_id=build_id, wish=wish, key=key)

    return once(start, again=lambda used: used.owner_id, shown=_started)


def _started(batch_id: UUID) -> Response:
    return json_answer({"batch": batch_id}, HTTPStatus.CREATED)


def wish_of(asked: dict[str, Any]) -> Wish:
    """Return what is asked for. Raises InvalidError for what is another's."""
    limits = {
        name: asked.get(name)
        for name in (
            "uploads_max",
            "uploads_per_location_max",
            "reboots_max",
            "failures_max",
        )
    }
    return Wish(
        upgrade_all=asked["upgrade_all"],
        group_id=_id(_own("group", "device_group", asked["group"])),
        location_id=_id(_own("location", "location", asked["location"])),
        options=asked["upgrade_options"],
        expendable_packages=tuple(asked["expendable_packages"]),
        **limits,
    )


def _own(field: str, table: str, thing_id: UUID | None) -> Row | None:
    return own_reference(field, table, thing_id) if thing_id else None


def _id(row: Row | None) -> UUID | None:
    return UUID(row["id"]) if row else None


def _shown(found: Selection) -> dict[str, Any]:
    chosen = found.chosen(upgrade_all=True)
    return {
        "device_firmwares": [each.firmware_id for each in found.related],
        "devices": [each.device_id for each in found.firmwareless],
        "skipped": [
            {"device": each.device_id, "name": each.name, "reason": each.reason}
            for each in found.skipped
        ],
        "warnings": [
            {"device": each.device_id, "name": each.name, "reason": each.warning}
            for each in chosen
            if each.warning
        ],
    }


UPGRADE = Resource("build-batch-upgrade", model="build", get=_dry_run, post=_start)
