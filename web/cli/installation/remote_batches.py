"""Mass upgrades by a service."""

from collections.abc import Iterator, Sequence
from time import sleep
from uuid import UUID

import msgspec

from application.commands.batches import Wish
from application.errors import NotFoundError
from web.cli.installation.ports import Row, goes_on
from web.cli.installation.remote_finding import by_beginning
from web.cli.remote.client import FIRMWARE, Client
from web.cli.remote.feed import Bell, Feed

_BATCH = f"{FIRMWARE}/batch-upgrade-operation/"
# After these there is something new to tell of a batch.
_TYPES = (
    "Batch",
    *(
        f"UpgradeOperation:{name}"
        for name in (
            "Started",
            "FlashBegun",
            "Succeeded",
            "Failed",
            "Aborted",
            "Cancelled",
        )
    ),
)
# So long is waited for more that happens before the service is asked again.
_BREATH_SECONDS = 0.5
# Asked again after so long, though nothing was heard: a reminder that we are there.
_SILENCE_SECONDS = 30.0


class RemoteBatches:
    """Asks the service when its feed says that something has happened."""

    def __init__(self, client: Client, feed: Feed) -> None:
        self._client = client
        self._feed = feed

    def find(self, text: str) -> UUID:
        return by_beginning(self._client, _BATCH, text, kind="batch")

    def list(self, *, status: str | None, limit: int) -> Sequence[Row]:
        return list(map(_row, self._client.pages(_BATCH, limit=limit, status=status)))

    def show(self, batch_id: UUID) -> Row:
        # The detail has all operations with it, of which there may be thousands.
        for row in self._client.pages(_BATCH, id__startswith=batch_id):
            if row["id"] == str(batch_id):
                return _row(row)
        msg = f"the service shows you no batch {batch_id}"
        raise NotFoundError(msg)

    def ended(self, batch_id: UUID, *, status: str, limit: int) -> Sequence[Row]:
        rows = self._client.pages(
            f"{FIRMWARE}/upgrade-operation/",
            limit=limit,
            batch=batch_id,
            status=status,
            ordering="-modified",
        )
        names = {"id": "id", "device": "device_name", "status": "status"}
        return [
            {ours: row[theirs] for ours, theirs in names.items()}
            | {"modified": row["modified"]}
            for row in rows
        ]

    def follow(self, batch_id: UUID, *, works: bool = False) -> Iterator[Row]:
        filters = {"batch": [str(batch_id)], "type": _TYPES}
        with Bell(self._feed.follow(None, filters)) as bell:
            while True:
                row = self.show(batch_id)
                yield row
                if not goes_on(row):
                    return
                bell.wait(_SILENCE_SECONDS)
                sleep(_BREATH_SECONDS)

    def check(self, build_id: UUID, wish: Wish) -> Row:
        found: Row = self._client.get(
            f"{FIRMWARE}/build/{build_id}/upgrade/",
            group=wish.group_id,
            location=wish.location_id,
            upgrade_options=_json(wish.options),
            expendable_packages=_json(wish.expendable_packages),
        )
        return found

    def start(self, build_id: UUID, wish: Wish) -> UUID:
        body = {
            "upgrade_all": wish.upgrade_all,
            "group": wish.group_id,
            "location": wish.location_id,
            "upgrade_options": wish.options,
            "uploads_max": wish.uploads_max,
            "uploads_per_location_max": wish.uploads_per_location_max,
            "reboots_max": wish.reboots_max,
            "failures_max": wish.failures_max,
            "expendable_packages": wish.expendable_packages,
        }
        path = f"{FIRMWARE}/build/{build_id}/upgrade/"
        return UUID(self._client.begin("POST", path, body)["batch"])

    def hold(self, batch_id: UUID, reason: str) -> None:
        self._client.post(f"{_BATCH}{batch_id}/hold/", {"reason": reason})

    def resume(self, batch_id: UUID) -> None:
        self._client.post(f"{_BATCH}{batch_id}/resume/")

    def cancel(self, batch_id: UUID) -> None:
        self._client.post(f"{_BATCH}{batch_id}/cancel/")


def _json(value: object) -> str | None:
    return msgspec.json.encode(value).decode() if value else None


def _row(told: Row) -> Row:
    """Name a batch of REST as this machine's installation names it."""
    build, counts = told["build"], told["counts"]
    renamed = {
        "build_id": build["id"],
        "build_version": build["version"],
        "category_name": build["category_relation"]["name"],
        "target_count": counts["total"],
        "options": told["upgrade_options"],
        "group_id": told["group"],
        "location_id": told["location"],
    }
    nested = {"build", "counts", "limits", "upgrade_options", "group", "location"}
    flat = {name: value for name, value in told.items() if name not in nested}
    numbers = {name: n for name, n in counts.items() if name != "total"}
    limits: Row = told["limits"]
    return flat | renamed | numbers | limits
