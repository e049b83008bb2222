"""A service of its own for the demo: started, spoken to, stopped like anybody's."""

import http.client
import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from web.service.child import PYTHON, python_path

_START_SECONDS_MAX = 60.0
_STOP_SECONDS_MAX = 30.0
_ANSWER_SECONDS_MAX = 20.0
_API = "/api/v1/firmware-upgrader"
_REDIRECTS_FROM = 300


class DemoError(Exception):
    """The demo cannot go on; the message says why and where to look."""


class Installation:
    """A data directory, its settings as variables, and the commands run on it."""

    def __init__(self, directory: Path, settings: Mapping[str, str]) -> None:
        self.directory = directory
        self.log_file = directory / "service.log"
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("FLASHLOG_")
        } | {
            "FLASHLOG_DATA_DIR": str(directory / "data"),
            "PYTHONPATH": python_path(),
            **settings,
        }

    def command(self, *arguments: str, stdin: str = "") -> Any:
        """Run `flashlog …` as a person does; returns what --json prints."""
        done = subprocess.run(
            [*PYTHON, "web.cli", "--here", *arguments, "--json"],
            input=stdin,
            capture_output=True,
            text=True,
            env=self.environment,
            check=False,
        )
        if done.returncode:
            msg = f"flashlog {' '.join(arguments)}: {done.stderr.strip()}"
            raise DemoError(msg)
        return json.loads(done.stdout)

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Run `flashlog serve` meanwhile; gives the address it answers at."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with (
            self.log_file.open("ab") as log,
            subprocess.Popen(
                [*PYTHON, "web.cli.child", str(os.getpid())],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                # Ctrl-C is for us; the service is told by us, when its time has come.
                start_new_session=True,
            ) as process,
        ):
            try:
                yield self._ready_url(process)
            finally:
                _stop(process)

    def _ready_url(self, process: "subprocess.Popen[str]") -> str:
        found: list[str] = []
        reader = Thread(target=_read_until_ready, args=(process, found), daemon=True)
        reader.start()
        reader.join(_START_SECONDS_MAX)
        if not found:
            tail = self.log_file.read_text(errors="replace").splitlines()[-5:]
            msg = f"the service did not start: {' / '.join(tail) or 'it said nothing'}"
            raise DemoError(msg)
        return found[0]


class Api:
    """The REST interface, as far as the demo needs it."""

    def __init__(self, url: str, token: str) -> None:
        self._address = urlsplit(url).netloc
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
        }

    def start_upgrade(self, device_id: str, image_id: str) -> str:
        """Give a device an image; returns the id of the operation."""
        answer = self._ask("PUT", f"/device/{device_id}/firmware/", {"image": image_id})
        return str(answer["upgrade_operation"]["id"])

    def operations(self) -> dict[str, dict[str, Any]]:
        """Return all operations by id."""
        answer = self._ask("GET", "/upgrade-operation/?page_size=100")
        return {each["id"]: each for each in answer["results"]}

    def cancel(self, operation_id: str) -> None:
        self._ask("POST", f"/upgrade-operation/{operation_id}/cancel/")

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        connection = http.client.HTTPConnection(
            self._address, timeout=_ANSWER_SECONDS_MAX
        )
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, _API + path, text, self._headers)
            answer = connection.getresponse()
            content = answer.read().decode(errors="replace")
        except OSError as error:
            raise DemoError(f"the service does not answer: {error}") from error
        finally:
            connection.close()
        if answer.status >= _REDIRECTS_FROM:
            raise DemoError(f"{method} {path} was answered {answer.status}: {content}")
        return json.loads(content)


def _read_until_ready(process: "subprocess.Popen[str]", found: list[str]) -> None:
    if process.stdout is None:
        return
    for line in process.stdout:
        word, _, url = line.strip().partition(" ")
        if word == "ready":
            found.append(url)
            return


def _stop(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
