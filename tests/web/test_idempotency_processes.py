"""Equal requests that two web processes get at the same moment are done once."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from uuid import uuid4

import msgspec
import pytest

from application.flashlog import Flashlog
from application.settings import Settings, environment_of, load_settings
from tests.web import examples
from tests.web.conftest import API, Caller
from tests.web.serving import ROOT
from web.app import create_app

PROCESSES = 2
KEYS = 20


class Request(msgspec.Struct):
    """What one process sends."""

    path: str
    key: str


class Answer(msgspec.Struct):
    """What it was answered."""

    status: int
    operation_id: str


def answer(token: str) -> None:
    """Send every request that comes on the input to an application of our own."""
    flashlog = Flashlog(load_settings())
    try:
        caller = Caller(create_app(flashlog).test_client(), token)
        print("ready", flush=True)
        for line in sys.stdin:
            request = msgspec.json.decode(line, type=Request)
            got = caller.post(request.path, headers={"Idempotency-Key": request.key})
            answered = Answer(got.status_code, got.get_json().get("id", ""))
            print(msgspec.json.encode(answered).decode(), flush=True)
    finally:
        flashlog.close()


@contextmanager
def processes(settings: Settings, token: str) -> Iterator[list[subprocess.Popen[str]]]:
    with ExitStack() as stack:
        made = []
        for _ in range(PROCESSES):
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.web.test_idempotency_processes"],
                    cwd=ROOT,
                    env=environment_of(settings) | {"PYTHONPATH": str(ROOT)},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            stack.callback(process.kill)
            say(process, token)
            made.append(process)
        assert [heard(each) for each in made] == ["ready"] * PROCESSES
        yield made


def say(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def heard(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.process
def test_of_equal_requests_to_two_processes_one_does_the_work(
    flashlog: Flashlog, token: str
) -> None:
    operation_id = examples.operation(flashlog)
    examples.installed(flashlog, operation_id)
    path = f"{API}/upgrade-operation/{operation_id}/retry/"
    with processes(flashlog.settings, token) as both:
        for _ in range(KEYS):
            request = msgspec.json.encode(Request(path, str(uuid4()))).decode()
            for each in both:
                say(each, request)
            answers = [msgspec.json.decode(heard(each), type=Answer) for each in both]
            assert {each.status for each in answers} == {201}
            assert len({each.operation_id for each in answers}) == 1
    (row,) = flashlog.views.rows("SELECT count(*) AS n FROM operation")
    assert row["n"] == 1 + KEYS


if __name__ == "__main__":
    answer(sys.stdin.readline().strip())
