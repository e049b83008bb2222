"""Read-only visits over REST: what routers are, what they run, which images fit."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

import msgspec
from flask import Response
from marshmallow import Schema, fields

from application.errors import InvalidError
from application.procedure.check import CheckReport
from application.projections.rows import moment
from application.projections.views import Row
from application.queries import tenancy
from application.read_only_visits import Round
from web import visits
from web.answers import json_answer
from web.api.authentication import asking
from web.api.bodies import as_uuid, load
from web.api.described import Description, described
from web.api.fields import NOT_A_UUID, Body, Texts
from web.api.lookup import missing, own_reference
from web.api.resource import Resource
from web.representation import timestamp
from web.state import flashlog

# What a visit learns beside these serves upgrades alone.
_FACTS = (
    "boot_id",
    "uptime_seconds",
    "release",
    "revision",
    "target",
    "description",
    "board",
    "model",
    "compat_version",
    "agent_uuid",
    "enrolled_uuid",
    "macs",
    "marker",
    "memory",
    "memory_total_bytes",
    "services",
    "way_in",
    "wifi_is_up",
    "wifi_may_be_way_in",
    "sysupgrade_running",
)


class CheckBody(Body):
    """The routers to visit."""

    devices = Texts(required=True)


class MemoryShown(Schema):
    """Room for an image, which takes from both."""

    available_bytes = fields.Integer()
    room_bytes = fields.Integer()


class FactsShown(Schema):
    """What was read on a router."""

    boot_id = fields.String()
    uptime_seconds = fields.Float()
    release = fields.String()
    revision = fields.String()
    target = fields.String()
    description = fields.String()
    board = fields.String()
    model = fields.String()
    compat_version = fields.String()
    agent_uuid = fields.String(allow_none=True)
    enrolled_uuid = fields.String(allow_none=True)
    macs = fields.List(fields.String())
    marker = fields.String(allow_none=True)
    memory = fields.Nested(MemoryShown)
    memory_total_bytes = fields.Integer()
    services = fields.List(fields.String())
    way_in = fields.String(allow_none=True)
    wifi_is_up = fields.Boolean()
    wifi_may_be_way_in = fields.Boolean()
    sysupgrade_running = fields.Boolean()


class FitShown(Schema):
    """Whether an image may go on a router; `reason` is blank where it may."""

    image = fields.UUID()
    file_name = fields.String()
    version = fields.String(metadata={"description": "of its build"})
    reason = fields.String()
    installed = fields.Boolean()
    enough_memory = fields.Boolean()


class ReportShown(Schema):
    """What a visit has found; `trouble` is blank where all is well.

    `facts` is null where nobody got in. `images` are those of the device's
    organization and of all, those that fit first.
    """

    device = fields.UUID()
    name = fields.String()
    address = fields.String()
    host_key = fields.String()
    host_key_is_new = fields.Boolean()
    weak_algorithms = fields.Boolean()
    identity = fields.String()
    verified_by = fields.String()
    facts = fields.Nested(FactsShown, allow_none=True)
    images = fields.List(fields.Nested(FitShown))
    trouble = fields.String()


class CheckShown(Schema):
    """Visits that were asked for together; `reports` has those that are over."""

    id = fields.UUID()
    begun = fields.DateTime()
    devices = fields.List(fields.UUID())
    is_over = fields.Boolean()
    reports = fields.List(fields.Nested(ReportShown))


@described(
    Description(
        body=CheckBody,
        answers={HTTPStatus.CREATED: CheckShown},
        refusals=(HTTPStatus.CONFLICT,),
    )
)
def _post() -> Response:
    """Look at routers without changing them, all at once.

    Waits a moment for what is found; the rest is told where the answer's `id` leads.
    """
    sent = load(CheckBody)["devices"]
    if not sent:
        raise InvalidError.of("devices", "Name at least one device.")
    asked = visits.begin([_device_id(text) for text in sent])
    return json_answer(_shown(asked), HTTPStatus.CREATED)


@described(Description(answers={HTTPStatus.OK: CheckShown}))
def _get(check_id: UUID) -> Response:
    """Show what the visits have found so far; waits a moment for the rest.

    Lately asked for ones only: a service that restarts forgets them. They are told to
    whoever may see all the devices.
    """
    asked = visits.find(check_id)
    if asked is None or not all(map(_device, asked.device_ids)):
        raise missing("Visit")
    return json_answer(_shown(visits.wait(asked)))


def _device_id(text: str) -> UUID:
    """Return a device of those who ask. Raises InvalidError."""
    found = as_uuid(text)
    if found is None:
        raise InvalidError.of("devices", NOT_A_UUID)
    own_reference("devices", "device", found)
    return found


def _shown(asked: Round) -> dict[str, Any]:
    reports = dict(asked.reports)
    return {
        "id": str(asked.round_id),
        "begun": timestamp(moment(asked.begun_at)),
        "devices": [str(each) for each in asked.device_ids],
        "is_over": len(reports) == len(asked.device_ids),
        "reports": [
            _report(device, reports[device_id])
            for device_id in asked.device_ids
            if device_id in reports and (device := _device(device_id))
        ],
    }


def _device(device_id: UUID) -> Row | None:
    """Return a device that may still be seen."""
    return tenancy.find(flashlog().views, asking(), tenancy.KINDS["device"], device_id)


def _report(device: Row, report: CheckReport) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(report)
    facts: Mapping[str, Any] | None = told["facts"]
    return {
        "device": told.pop("device_id"),
        **told,
        "name": device["name"],
        "facts": {name: facts[name] for name in _FACTS} if facts else None,
        "images": [
            {
                "image": image["id"],
                "file_name": fit.file_name,
                "version": image["version"],
                "reason": fit.reason,
                "installed": fit.installed,
                "enough_memory": fit.enough_memory,
            }
            for image, fit in visits.fits(device, report)
        ],
    }


_NEEDS = {"POST": ["change_device"], "GET": ["change_device"]}
LIST = Resource("device-check-list", model="device", needs=_NEEDS, post=_post)
DETAIL = Resource("device-check-detail", model="device", needs=_NEEDS, get=_get)
