"""Who listens to the channel of a batch from its start to its end."""

import threading
from typing import Any, Self

from tests.web.serving import Socket

_LIMIT_SECONDS = 60


class Listener:
    """`statuses` by operation and `batch`, as they were last told; `late` what came
    of an operation after its end."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self.statuses: dict[str, str] = {}
        self.batch: dict[str, Any] = {}
        self.late: list[dict[str, Any]] = []

    def wait_for_the_end(self) -> None:
        assert self._ended.wait(_LIMIT_SECONDS), self.batch

    def __enter__(self) -> Self:
        state = self._socket.ask()
        self._take_state(state)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(_LIMIT_SECONDS)

    def _take_state(self, state: dict[str, Any]) -> None:
        assert state["type"] == "batch_state"
        self.statuses |= {each["id"]: each["status"] for each in state["operations"]}
        self.batch = state["batch_status"]

    def _listen(self) -> None:
        while self.batch["status"] in {"idle", "in-progress"}:
            message = self._socket.receive()
            if message["type"] == "operation_progress":
                self._take_progress(message)
            elif message["type"] == "batch_status":
                keys = ("status", "completed", "total")
                self.batch = {key: message[key] for key in keys}
        self._ended.set()

    def _take_progress(self, message: dict[str, Any]) -> None:
        operation_id = message["operation_id"]
        if self.statuses.get(operation_id, "in-progress") != "in-progress":
            self.late.append(message)
        self.statuses[operation_id] = message["status"]
