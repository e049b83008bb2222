"""How long the state of a batch is that a client asks for."""

import re
from typing import Any

import msgspec
import pytest

from application.flashlog import Flashlog
from domain.organization import DEFAULT_ORGANIZATION_ID
from tests.web import examples
from tests.web.sockets.fleet import Members
from web.app import create_app
from web.sockets import following
from web.sockets.channels import Key, Kind


def _state(flashlog: Flashlog, members: Members) -> dict[str, Any]:
    with create_app(flashlog).app_context():
        key = Key(Kind.BATCH, members.id)
        _, (frame,) = following._ANSWERS[Kind.BATCH](flashlog, key)
    text = re.search(rb"\{.*\}", frame, re.DOTALL)
    assert text is not None
    state: dict[str, Any] = msgspec.json.decode(text[0])
    return state


def test_beyond_a_limit_all_operations_are_told_without_their_logs(
    flashlog: Flashlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = Members(flashlog, 3, organization_id=DEFAULT_ORGANIZATION_ID)
    for operation_id in members.fill(3):
        flashlog.show(examples.note(flashlog, operation_id, *examples.connected()))
    monkeypatch.setattr(following, "LOGS_MAX", 3)
    whole = _state(flashlog, members)
    assert all(each["log"] for each in whole["operations"])
    assert "logs_left_out" not in whole
    monkeypatch.setattr(following, "LOGS_MAX", 2)
    bare = _state(flashlog, members)
    assert bare["logs_left_out"] is True
    assert bare["batch_status"] == whole["batch_status"]
    blank = [each | {"log": ""} for each in whole["operations"]]
    assert bare["operations"] == blank
