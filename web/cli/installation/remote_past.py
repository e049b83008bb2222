"""The past of a service, as far as whom the token belongs to may see it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from application.errors import NotFoundError
from web.cli.installation.past import History, Wanted
from web.cli.installation.ports import Batches, Inventory, Operations, Row
from web.cli.installation.remote_finding import as_id, only
from web.cli.remote.client import CONTROLLER, FIRMWARE, USERS, Client


class RemotePast:
    """Asks histories, differences and exposures of the service."""

    def __init__(
        self,
        client: Client,
        inventory: Inventory,
        operations: Operations,
        batches: Batches,
    ) -> None:
        self._client = client
        self._inventory = inventory
        self._find: Mapping[str, Callable[[str], UUID]] = {
            "operation": operations.find,
            "device": inventory.find_device,
            "batch": batches.find,
            "image": inventory.find_image,
            "user": self._find_user,
        }

    def history(self, kind: str, text: str, *, as_of: str | None) -> History:
        # What was deleted is found by its id alone; an image needs its build beside it.
        known = None if kind == "image" else as_id(text)
        thing_id = known or self._find[kind](text)
        path = self._path(kind, thing_id)
        events = list(self._client.pages(f"{path}history/", as_of=as_of))
        last = events[-1]["position"] if events else 0
        is_position = as_of is not None and as_of.isdecimal()
        return History(
            thing_id=thing_id,
            as_of=int(as_of) if as_of and is_position else last,
            state=self._state(kind, path, as_of),
            events=events,
        )

    def differences(self, start: str, end: str | None) -> Sequence[Row]:
        asked: dict[str, Any] = {"from": start, "to": end}
        return list(self._client.pages(f"{FIRMWARE}/fleet/diff/", **asked))

    def exposed(self, wanted: Wanted) -> Sequence[Row]:
        inventory = self._inventory
        asked: dict[str, Any] = {
            "release": wanted.release,
            "image": inventory.find_image(wanted.image) if wanted.image else None,
            "build": inventory.find_build(wanted.build) if wanted.build else None,
            "from": wanted.start,
            "to": wanted.end,
        }
        return list(self._client.pages(f"{FIRMWARE}/fleet/exposure/", **asked))

    def checkpoint(self) -> str:
        return self._client.text(f"{FIRMWARE}/audit/checkpoint/")

    def _path(self, kind: str, thing_id: UUID) -> str:
        if kind == "image":
            build_id = self._inventory.image(thing_id)["build"]
            return f"{FIRMWARE}/build/{build_id}/image/{thing_id}/"
        paths = {
            "operation": f"{FIRMWARE}/upgrade-operation/",
            "device": f"{CONTROLLER}/device/",
            "batch": f"{FIRMWARE}/batch-upgrade-operation/",
            "user": f"{USERS}/user/",
        }
        return f"{paths[kind]}{thing_id}/"

    def _state(self, kind: str, path: str, as_of: str | None) -> Row | None:
        """Return what was known of it then; None where there was none, or of people.

        Of an image a service tells the present alone.
        """
        if kind == "user" or (kind == "image" and as_of is not None):
            return None
        try:
            row: Row = self._client.get(path, as_of=as_of)
        except NotFoundError:
            return None
        # A secret, all that stands in the history, and all operations of a batch.
        return {k: v for k, v in row.items() if k not in {"key", "log", "operations"}}

    def _find_user(self, text: str) -> UUID:
        rows = self._client.pages(f"{USERS}/user/")
        fitting = [row for row in rows if row["username"].lower() == text.lower()]
        return only(fitting, text, kind="user", label="username")
