"""Upgrade operations: list, look at, cancel, retry, resume."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Response, g, request
from marshmallow import Schema, fields

from application.commands.idempotency import RequestKey
from application.commands.operations import (
    cancel_operation,
    resume_operation,
    retry_operation,
)
from application.past.stories import of_operation
from application.projections.views import Row
from application.queries.names import names_of_operations
from application.queries.operations import (
    ORDERS,
    STATUSES,
    Order,
    Wanted,
    count_operations,
    list_operations,
    operation_row,
    seen_by,
)
from web.answers import AnswerError, json_answer, refusal
from web.api import filters, lookup
from web.api.authentication import asking
from web.api.described import Description, Parameter, described
from web.api.firmware_upgrader.operation_shape import (
    NamedOperationShown,
    OperationOfDeviceShown,
)
from web.api.idempotency import once
from web.api.pages import Page, paginated
from web.api.past import AS_OF, as_of
from web.api.resource import Resource
from web.representation import operation_object
from web.state import flashlog, state

_OF_ORGANIZATION = Parameter(name="organization", meaning="slug of the organization")
_OF_STATUS = Parameter(
    name="status", meaning="how far it is", choices=tuple(sorted(STATUSES))
)
_FILTERS = (
    Parameter(name="device", meaning="operations of this device", format="uuid"),
    Parameter(name="image", meaning="operations to this image", format="uuid"),
    Parameter(name="batch", meaning="operations of this mass upgrade", format="uuid"),
    _OF_STATUS,
    filters.BY_ID,
    Parameter(
        name="device__organization",
        meaning="operations of this organization's devices",
        format="uuid",
    ),
    Parameter(name="device__organization__slug", meaning="its slug"),
    Parameter(name="device__organization_slug", meaning="its slug"),
    _OF_ORGANIZATION,
    Parameter(
        name="ordering",
        meaning=f"some of {', '.join(sorted(ORDERS))}, `-` in front to turn it round",
    ),
)


class CancelledShown(Schema):
    """That it was cancelled."""

    message = fields.String()


@described(
    Description(
        answers={HTTPStatus.OK: NamedOperationShown}, is_list=True, query=_FILTERS
    )
)
def _list() -> Response:
    """List operations, newest first unless ordered otherwise."""
    wanted = Wanted(
        device_id=lookup.reference("device", "device"),
        image_id=lookup.reference("image", "image"),
        batch_id=lookup.reference("batch", "batch"),
        status=filters.choice("status", STATUSES),
        beginning=filters.beginning(),
        organization_id=lookup.reference("device__organization", "organization"),
        organization_slug=filters.slug(
            "device__organization__slug", "device__organization_slug", "organization"
        ),
        seen=seen_by(asking()),
    )
    return _page(wanted, _orders())


@described(
    Description(
        answers={HTTPStatus.OK: OperationOfDeviceShown},
        is_list=True,
        query=(_OF_STATUS, _OF_ORGANIZATION),
    )
)
def _list_of_device(device_id: UUID) -> Response:
    """List the operations of one device, newest first."""
    device = flashlog().views.one("device", str(device_id))
    if device is None or not asking().may_see(UUID(device["organization_id"])):
        raise refusal(HTTPStatus.NOT_FOUND, "device not found")
    wanted = Wanted(
        device_id=device_id,
        status=filters.choice("status", STATUSES),
        organization_slug=filters.slug("organization"),
    )
    return _page(wanted, [], without=("created",))


@described(
    Description(
        answers={HTTPStatus.OK: NamedOperationShown},
        query=(AS_OF, _OF_ORGANIZATION),
        refusals=(HTTPStatus.CONFLICT,),
    )
)
@as_of(of_operation)
def _detail(operation_id: UUID) -> Response:
    """Show one operation with its log."""
    return json_answer(_shown(_row(operation_id)))


@described(
    Description(
        answers={HTTPStatus.OK: CancelledShown}, refusals=(HTTPStatus.CONFLICT,)
    )
)
def _cancel(operation_id: UUID) -> Response:
    """Cancel before the flash; accepted means that nothing will be flashed."""
    if _found(operation_id) is None:
        raise AnswerError(
            HTTPStatus.NOT_FOUND, {"error": "Upgrade operation not found"}
        )
    cancel_operation(flashlog(), operation_id=operation_id, by=g.user_id)
    return json_answer({"message": "Upgrade operation cancelled successfully"})


@described(
    Description(
        answers={HTTPStatus.CREATED: NamedOperationShown},
        is_idempotent=True,
        refusals=(HTTPStatus.CONFLICT,),
    )
)
def _retry(operation_id: UUID) -> Response:
    """Start the same upgrade again, as a new operation."""
    _row(operation_id)

    def retry(key: RequestKey) -> UUID:
        return retry_operation(
            flashlog(), operation_id=operation_id, by=g.user_id, key=key
        )

    return once(retry, again=lambda used: used.owner_id, shown=_begun)


@described(
    Description(
        answers={HTTPStatus.OK: NamedOperationShown}, refusals=(HTTPStatus.CONFLICT,)
    )
)
def _resume(operation_id: UUID) -> Response:
    """Let an operation go on that is held since the log was restored."""
    _row(operation_id)
    resume_operation(flashlog(), operation_id=operation_id, by=g.user_id)
    return json_answer(_shown(_row(operation_id)))


def _begun(operation_id: UUID) -> Response:
    return json_answer(_shown(_row(operation_id)), HTTPStatus.CREATED)


def _page(
    wanted: Wanted, orders: list[Order], *, without: tuple[str, ...] = ()
) -> Response:
    views = flashlog().views

    def rows(page: Page) -> list[dict[str, Any]]:
        found = list_operations(
            views, wanted, orders=orders, limit=page.size, offset=page.offset
        )
        objects = _all_shown(found)
        return [{k: v for k, v in each.items() if k not in without} for each in objects]

    return paginated(count_operations(views, wanted), rows)


def _orders() -> list[Order]:
    names = request.args.get("ordering", "").split(",")
    return [
        Order(name.removeprefix("-"), descending=name.startswith("-"))
        for name in map(str.strip, names)
        if name.removeprefix("-") in ORDERS
    ]


def _row(operation_id: UUID) -> Row:
    """Return the operation's row; one of another organization is not found."""
    row = _found(operation_id)
    if row is None:
        raise lookup.missing("UpgradeOperation")
    return row


def _found(operation_id: UUID) -> Row | None:
    """Return a row that whoever asks may see, of the organization that is asked for."""
    row = operation_row(flashlog(), operation_id)
    slug = filters.slug("organization")
    seen = seen_by(asking())
    if row is None or not (slug or seen):
        return row
    wanted = Wanted(operation_id=operation_id, organization_slug=slug, seen=seen)
    return row if count_operations(flashlog().views, wanted) else None


def _shown(row: Row) -> dict[str, Any]:
    (shown,) = _all_shown([row])
    return shown


def _all_shown(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Show operations with the names of what they are about."""
    names = names_of_operations(flashlog().views, rows)
    stories = state().stories
    return [
        operation_object(row, stories.lines(UUID(row["id"]), version=row["version"]))
        | names[row["id"]]
        for row in rows
    ]


_MODEL = "upgradeoperation"
_CHANGE = {"POST": ["change_upgradeoperation"]}
LIST = Resource("upgrade-operation-list", model=_MODEL, get=_list)
DETAIL = Resource("upgrade-operation-detail", model=_MODEL, get=_detail)
CANCEL = Resource("upgrade-operation-cancel", model=_MODEL, needs=_CHANGE, post=_cancel)
RETRY = Resource("upgrade-operation-retry", model=_MODEL, needs=_CHANGE, post=_retry)
RESUME = Resource("upgrade-operation-resume", model=_MODEL, needs=_CHANGE, post=_resume)
OF_DEVICE = Resource("device-upgrade-operation-list", model=_MODEL, get=_list_of_device)
