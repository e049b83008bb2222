"""Routers that a service looks at, and what it tells of their past."""

from collections.abc import Iterator, Sequence
from uuid import UUID

import msgspec

from application.errors import NotFoundError
from application.procedure.check import CheckReport
from application.queries.telling import in_words
from web.cli.installation.ports import Row
from web.cli.remote.client import CONTROLLER, FIRMWARE, Client
from web.cli.remote.errors import ServiceUnreachableError

_CHECK = f"{CONTROLLER}/device-check/"
# So many are asked for at once: a service has room for some more.
_TOGETHER = 500


def visit(client: Client, device_ids: Sequence[UUID]) -> Iterator[CheckReport]:
    """Let a service look at routers; told in the order they are named."""
    for start in range(0, len(device_ids), _TOGETHER):
        yield from _visit(client, device_ids[start : start + _TOGETHER])


def history(client: Client, device_id: UUID) -> Sequence[Row]:
    """Return what happened to a device, newest first."""
    path = f"{FIRMWARE}/upgrade-operation/"
    upgrades = {row["id"]: row for row in client.pages(path, device=device_id)}
    path = f"{CONTROLLER}/device/{device_id}/history/"
    told = []
    for row in client.pages(path, ordering="-position"):
        event = row["type"].rpartition(":")[2]
        upgrade = upgrades.get(row["subject"])
        if upgrade is None:
            # What has no words of its own is told with the upgrade that it belongs to.
            if row["line"] == in_words(event):
                continue
            line = row["line"]
        elif event == "Started":
            image = upgrade["version"] or upgrade["image_name"]
            line = f"upgrade to {image}: {upgrade['status']}"
        elif event == "ObligationGivenUp":
            line = row["line"]
        else:
            continue
        told.append(
            {
                "position": row["position"],
                "at": row["time"],
                "event": event,
                "line": line,
                "by": row["by_name"] or "",
                "operation_id": upgrade["id"] if upgrade else None,
                "status": upgrade["status"] if upgrade else "",
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
