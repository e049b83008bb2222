"""Routers that a service looks at, and what it tells of their past."""

from collections.abc import Iterator, Sequence
from uuid import UUID

import msgspec

from application.errors import NotFoundError
from application.procedure.check import CheckReport
from web.cli.installation.ports import Row
from web.cli.remote.client import CONTROLLER, Client
from web.cli.remote.errors import ServiceUnreachableError

_CHECK = f"{CONTROLLER}/device-check/"
# So many are asked for at once: a service has room for some more.
_TOGETHER = 500
_ENDED = {
    "Succeeded": "success",
    "Failed": "failed",
    "Aborted": "aborted",
    "Cancelled": "cancelled",
}
# Of what happens in an upgrade, a device's history tells these.
_TOLD = {"Started", "ObligationGivenUp", *_ENDED}


def visit(client: Client, device_ids: Sequence[UUID]) -> Iterator[CheckReport]:
    """Let a service look at routers; told in the order they are named."""
    for start in range(0, len(device_ids), _TOGETHER):
        yield from _visit(client, device_ids[start : start + _TOGETHER])


def history(client: Client, device_id: UUID) -> Sequence[Row]:
    """Return what happened to a device, newest first."""
    told: list[Row] = []
    status: dict[str, str] = {}
    path = f"{CONTROLLER}/device/{device_id}/history/"
    for row in client.pages(path, ordering="-position"):
        event, subject = row["type"].rpartition(":")[2], row["subject"]
        is_own = subject == str(device_id)
        if not is_own:
            status.setdefault(subject, _ENDED.get(event, "in-progress"))
        if is_own or event in _TOLD:
            told.append(
                {
                    "position": row["position"],
                    "at": row["time"],
                    "event": event,
                    "line": row["line"],
                    "by": row["by_name"] or "",
                    "operation_id": None if is_own else subject,
                    "status": "" if is_own else status[subject],
                }
            )
    return told


def _visit(client: Client, device_ids: Sequence[UUID]) -> Iterator[CheckReport]:
    told = client.post(_CHECK, {"devices": device_ids})
    waiting = list(map(str, device_ids))
    while True:
        reports = {report["device"]: report for report in told["reports"]}
        while waiting and waiting[0] in reports:
            yield _report(reports[waiting.pop(0)])
        if not waiting:
            return
        if told["is_over"]:
            msg = "the service shows you a router no more that it was to look at"
            raise NotFoundError(msg)
        try:
            told = client.get(f"{_CHECK}{told['id']}/")
        except NotFoundError:
            msg = f"{client.login.url} was started again meanwhile: ask once more"
            raise ServiceUnreachableError(msg) from None


def _report(told: Row) -> CheckReport:
    """Name a report of REST as this machine's installation names it."""
    images = [{**fit, "image_id": fit["image"]} for fit in told["images"]]
    renamed = {"device_id": told["device"], "images": images}
    return msgspec.convert(told | renamed, CheckReport)
