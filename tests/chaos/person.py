"""People at the interface: they start, retry, cancel, hold and delete.

Where no answer comes they say the same again.
"""

import http.client
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http import HTTPStatus
from random import Random
from typing import Any
from uuid import UUID, uuid4

import msgspec

from tests.chaos.inventory import Inventory
from tests.web.conftest import API

_LIMIT_SECONDS = 10
_PATIENCE_SECONDS = 20.0
_PAUSE_SECONDS = 0.3
_BUSY = "nothing was written: try again"
_CONTROLLER = "/api/v1/controller"

Answer = tuple[int, Any]


class Heard(msgspec.Struct):
    """What people were told: the judge holds the installation to it.

    `asked` are the operations whose cancel was asked for; not every answer arrives.
    """

    asked: list[UUID] = []
    cancelled: list[UUID] = []
    batches: dict[str, UUID] = {}
    started: dict[str, UUID] = {}
    server_errors: list[str] = []
    refused: int = 0
    busy: int = 0


class Person:
    """Does deeds through the interface of a house, and notes what was answered.

    A 503 is no error where its sentence contains `excused`.
    """

    def __init__(self, house: Inventory, heard: Heard, *, excused: str = _BUSY) -> None:
        self._house = house
        self._excused = excused
        self._heard = heard
        self._next_build = 1

    def deeds(self) -> dict[str, Callable[[Random], str]]:
        return {
            "batch": self._batch,
            "upgrade": self._upgrade,
            "retry": self._retry,
            "cancel": self._cancel,
            "cancel many": self._cancel_many,
            "cancel batch": lambda chance: self._change_batch(chance, "cancel"),
            "hold": lambda chance: self._change_batch(chance, "hold"),
            "resume": lambda chance: self._change_batch(chance, "resume"),
            "delete": self._delete,
        }

    def resume_all(self) -> None:
        """Let every batch go on that is held."""
        for row in self._rows("SELECT id FROM batch WHERE held <> ''"):
            self._ask("POST", f"{API}/batch-upgrade-operation/{row['id']}/resume/")

    def _batch(self, chance: Random) -> str:
        releases = self._house.releases
        number = self._next_build if chance.random() < 0.7 else chance.randrange(5)
        self._next_build = (self._next_build + 1) % len(releases)
        wish: dict[str, Any] = {
            "upgrade_all": True,
            "uploads_max": chance.randint(2, 8),
            "uploads_per_location_max": chance.randint(1, 3),
            "reboots_max": chance.randint(2, 12),
            "failures_max": chance.choice([0, 0, 1, 3]),
        }
        if chance.random() < 0.3:
            wish["location"] = str(chance.choice(self._house.locations))
        path = f"{API}/build/{releases[number].build_id}/upgrade/"
        key, (status, told) = self.ask_until_answered("POST", path, wish)
        if status == HTTPStatus.CREATED:
            self._heard.batches[key] = UUID(told["batch"])
        return f"build {number}: {status}"

    def _upgrade(self, chance: Random) -> str:
        device_id = chance.choice(sorted(self._house.device_of.values()))
        release = chance.choice(self._house.releases)
        path = f"{API}/device/{device_id}/firmware/"
        wish = {"image": str(release.image_id)}
        key, (status, told) = self.ask_until_answered("PUT", path, wish)
        if status in {HTTPStatus.OK, HTTPStatus.CREATED} and told.get("operation"):
            self._heard.started[key] = UUID(str(told["operation"]))
        return f"{device_id}: {status}"

    def _retry(self, chance: Random) -> str:
        row = self._chosen(
            chance,
            "SELECT id FROM operation"
            " WHERE status IN ('failed', 'aborted', 'cancelled')",
        )
        if row is None:
            return "nothing to retry"
        path = f"{API}/upgrade-operation/{row['id']}/retry/"
        _, (status, _) = self.ask_until_answered("POST", path, {})
        return f"{row['id']}: {status}"

    def _cancel(self, chance: Random) -> str:
        # Those near their flash are the ones that matter.
        where = "status = 'in-progress'"
        if chance.random() < 0.6:
            where += " AND progress >= 20"
        row = self._chosen(chance, f"SELECT id FROM operation WHERE {where}")
        return self._cancel_one(row["id"]) if row else "nothing to cancel"

    def _cancel_many(self, chance: Random) -> str:
        """Cancel several at the same moment, also such as cannot be any more."""
        rows = self._rows("SELECT id FROM operation WHERE status = 'in-progress'")
        chosen = chance.sample(rows, min(len(rows), 6))
        work = [
            threading.Thread(target=self._cancel_one, args=(row["id"],))
            for row in chosen
        ]
        for one in work:
            one.start()
        for one in work:
            one.join()
        return f"{len(chosen)}"

    def _cancel_one(self, operation_id: str) -> str:
        path = f"{API}/upgrade-operation/{operation_id}/cancel/"
        self._heard.asked.append(UUID(operation_id))
        status, _ = self._ask("POST", path)
        if status == HTTPStatus.OK:
            self._heard.cancelled.append(UUID(operation_id))
        self._heard.refused += status == HTTPStatus.CONFLICT
        return f"{operation_id}: {status}"

    def _change_batch(self, chance: Random, how: str) -> str:
        condition = " AND held <> ''" if how == "resume" else ""
        row = self._chosen(
            chance,
            f"SELECT id FROM batch WHERE status IN ('idle', 'in-progress'){condition}",
        )
        if row is None:
            return "there is none"
        path = f"{API}/batch-upgrade-operation/{row['id']}/{how}/"
        return f"{row['id']}: {self._ask('POST', path)[0]}"

    def _delete(self, chance: Random) -> str:
        """Deactivate a device; delete it where that is allowed, else put it back."""
        number = chance.choice(sorted(self._house.device_of))
        path = f"{_CONTROLLER}/device/{self._house.device_of[number]}/"
        self._ask("POST", f"{path}deactivate/")
        time.sleep(chance.uniform(0, 1))
        status, _ = self._ask("DELETE", path)
        if status in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND}:
            self._house.forget(number)
        else:
            self._ask("POST", f"{path}activate/")
        return f"{number}: {status}"

    # --- the interface --------------------------------------------------------------

    def _chosen(self, chance: Random, query: str) -> dict[str, Any] | None:
        rows = self._rows(query)
        return chance.choice(rows) if rows else None

    def _rows(self, query: str) -> list[dict[str, Any]]:
        return list(self._house.flashlog.views.rows(f"{query} ORDER BY position"))

    def ask_until_answered(
        self, method: str, path: str, body: Any
    ) -> tuple[str, Answer]:
        """Send the same again where no answer came; returns its key and the answer."""
        key = uuid4().hex
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            status, told = self._ask(method, path, body, {"Idempotency-Key": key})
            if status or time.monotonic() > deadline:
                return key, (status, told)
            time.sleep(_PAUSE_SECONDS)

    def _ask(
        self, method: str, path: str, body: Any = None, headers: Any = None
    ) -> Answer:
        """Return status and answer; 0 where none came."""
        service = self._house.service
        if service is None:
            return 0, None
        request = urllib.request.Request(
            service.url + path,
            method=method,
            data=json.dumps({} if body is None else body).encode(),
            headers={
                "Authorization": f"Bearer {self._house.token}",
                "Content-Type": "application/json",
                **(headers or {}),
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=_LIMIT_SECONDS) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return self._refused(f"{method} {path}", error)
        except (OSError, ValueError, http.client.HTTPException):
            return 0, None

    def _refused(self, what: str, error: urllib.error.HTTPError) -> Answer:
        said = error.read().decode(errors="replace")
        if error.code == HTTPStatus.SERVICE_UNAVAILABLE and self._excused in said:
            # Who is frozen may hold the lock of a file, for longer than one waits.
            self._heard.busy += 1
            return 0, None
        if error.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self._heard.server_errors.append(f"{what}: {error.code} {said}")
        return error.code, said
