"""The WebSocket of an operation, against the real server."""

import socket
from itertools import pairwise
from uuid import UUID, uuid4

import msgspec
import pytest
import websocket

from application.commands.operations import cancel_operation
from application.flashlog import Flashlog
from domain.operation import events
from domain.user import User
from tests.web import examples
from tests.web.conftest import API, id_of, token_for
from tests.web.serving import Service, eventually
from tests.web.sockets.conftest import CLIENTS_MAX, refused

pytestmark = pytest.mark.process


def test_nothing_is_said_before_it_is_asked_for(
    service: Service, here: Flashlog, key: str
) -> None:
    with service.listen(examples.operation(here), key) as listener:
        assert listener.is_silent(0.3)


def test_one_request_has_one_answer_equal_to_rest(
    service: Service, here: Flashlog, key: str
) -> None:
    operation_id = examples.operation(here)
    here.show(examples.note(here, operation_id, *examples.connected()))
    with service.listen(operation_id, key) as listener:
        answer = listener.ask()
        assert answer["type"] == "operation_update"
        assert answer["timestamp"].endswith("+00:00")
        path = f"{API}/upgrade-operation/{operation_id}/"
        # REST says beside this what things are called.
        assert answer["operation"].items() <= service.get(path, key)[1].items()
        assert answer["operation"]["progress"] == 10
        assert listener.is_silent(0.3)


def test_every_save_is_pushed_in_order_and_the_end_comes_last(
    service: Service, here: Flashlog, key: str
) -> None:
    operation_id = examples.operation(here)
    with service.listen(operation_id, key) as listener:
        listener.ask()
        for save in _saves():
            examples.note(here, operation_id, *save)
        pushed = [listener.receive() for _ in _saves()]
        assert listener.is_silent(0.3)
    assert {each["type"] for each in pushed} == {"operation_update"}
    states = [each["operation"] for each in pushed]
    assert [each["progress"] for each in states] == [10, 20, 40, 60, 65, 65]
    assert [each["status"] for each in states] == ["in-progress"] * 5 + ["failed"]
    logs = [each["log"] for each in states]
    for earlier, later in pairwise(logs):
        assert later.startswith(earlier)
    path = f"{API}/upgrade-operation/{operation_id}/"
    assert states[-1].items() <= service.get(path, key)[1].items()


def test_what_is_settled_after_the_end_has_a_name_of_its_own(
    service: Service, here: Flashlog, key: str
) -> None:
    operation_id = examples.operation(here)
    uploading = events.UploadBegun(path="/tmp/x", size_bytes=9)
    here.show(examples.note(here, operation_id, *examples.connected(), uploading))
    with service.listen(operation_id, key) as listener:
        cancel_operation(here, operation_id=operation_id)
        ended = listener.receive()
        assert ended["operation"]["status"] == "cancelled"
        assert ended["operation"]["owed"] == ["file"]
        examples.note(here, operation_id, events.UploadRemoved())
        settled = listener.receive()
        assert settled["type"] == "obligation_update"
        assert settled["operation"]["status"] == "cancelled"
        assert settled["operation"]["owed"] == []


def test_whoever_was_let_in_is_told_from_that_moment_on(
    service: Service, here: Flashlog, key: str
) -> None:
    for _ in range(30):
        operation_id = examples.operation(here)
        with service.listen(operation_id, key) as listener:
            examples.note(here, operation_id, *examples.connected())
            assert listener.receive()["operation"]["progress"] == 10


def test_all_who_listen_are_told_and_nobody_else(
    service: Service, here: Flashlog, key: str
) -> None:
    mine, other = examples.operation(here), examples.operation(here)
    with (
        service.listen(mine, key) as first,
        service.listen(mine, key) as second,
        service.listen(other, key) as elsewhere,
    ):
        for each in (first, second, elsewhere):
            each.ask()
        examples.note(here, mine, *examples.connected())
        assert first.receive() == second.receive()
        assert elsewhere.is_silent(0.3)


def test_whoever_comes_back_asks_and_goes_on(
    service: Service, here: Flashlog, key: str
) -> None:
    operation_id = examples.operation(here)
    with service.listen(operation_id, key) as listener:
        before = listener.ask()["operation"]
    position = examples.note(here, operation_id, *examples.connected())
    eventually(lambda: here.views.position() >= position)
    with service.listen(operation_id, key) as listener:
        after = listener.ask()["operation"]
        assert after["log"].startswith(before["log"])
        assert after["progress"] == 10
        examples.note(here, operation_id, events.UploadBegun(path="/x", size_bytes=1))
        assert listener.receive()["operation"]["phase"] == "uploading"


@pytest.mark.parametrize(
    "nonsense",
    [
        "",
        "{",
        "[]",
        "1",
        "null",
        '"x"',
        "{}",
        '{"type": "x"}',
        '{"type": 1}',
        "[" * 4000,
    ],
)
def test_other_frames_are_ignored(
    service: Service, here: Flashlog, key: str, nonsense: str
) -> None:
    with service.listen(examples.operation(here), key) as listener:
        listener.send(nonsense)
        assert listener.ask()["type"] == "operation_update"
        assert listener.is_silent(0.1)


def test_binary_frames_are_ignored_and_long_ones_closed(
    service: Service, here: Flashlog, key: str
) -> None:
    with service.listen(examples.operation(here), key) as listener:
        listener.send("\0\1", opcode=websocket.ABNF.OPCODE_BINARY)
        assert listener.ask()["type"] == "operation_update"
        listener.send("x" * 5000)
        assert listener.close_code() == 1009


def test_extra_keys_of_a_request_are_ignored(
    service: Service, here: Flashlog, key: str
) -> None:
    operation_id = examples.operation(here)
    with service.listen(operation_id, key) as listener:
        listener.send(
            msgspec.json.encode(
                {"type": "request_current_state", "operation_id": str(uuid4())}
            ).decode()
        )
        assert listener.receive()["operation"]["id"] == str(operation_id)


def test_the_cookie_of_a_browser_opens_a_socket_too(
    service: Service, here: Flashlog, key: str
) -> None:
    with service.listen(
        examples.operation(here), "", cookie=service.log_in("listener", "tester")
    ) as listener:
        assert listener.ask()["type"] == "operation_update"


# --- refusals ----------------------------------------------------------------


def test_nobody_unknown_is_let_in(service: Service, here: Flashlog, key: str) -> None:
    operation_id = examples.operation(here)
    with refused(403):
        service.listen(operation_id, "")
    with refused(403):
        service.listen(operation_id, "wrong")
    with refused(403):
        service.open(
            f"/ws/firmware-upgrader/upgrade-operation/{operation_id}/?token={key}", ""
        )


def test_a_user_without_rights_is_not_let_in(service: Service, here: Flashlog) -> None:
    plain = token_for(here, f"plain-{uuid4()}", is_superuser=False)
    with refused(403):
        service.listen(examples.operation(here), plain)


def test_an_operation_that_there_is_not_is_refused(service: Service, key: str) -> None:
    with refused(403):
        service.listen(uuid4(), key)


@pytest.mark.parametrize(
    "path",
    ["upgrade-operation/17/", f"upgrade-operation/{examples.NOBODY}", "nothing/"],
)
def test_a_path_that_there_is_not_is_404(service: Service, key: str, path: str) -> None:
    with refused(404):
        service.open(f"/ws/firmware-upgrader/{path}", key)


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost.evil.example", "["]
)
def test_a_foreign_origin_is_refused(
    service: Service, here: Flashlog, key: str, origin: str
) -> None:
    with refused(403):
        service.listen(examples.operation(here), key, origin=origin)


def test_a_missing_origin_is_refused(
    service: Service, here: Flashlog, key: str
) -> None:
    with refused(403):
        service.listen(examples.operation(here), key, suppress_origin=True)


def test_a_plain_request_to_a_socket_is_400(
    service: Service, here: Flashlog, key: str
) -> None:
    path = f"/ws/firmware-upgrader/upgrade-operation/{examples.operation(here)}/"
    assert service.get(path, key)[0] == 400


def test_one_client_too_many_is_refused_and_room_comes_back(
    service: Service, here: Flashlog, key: str
) -> None:
    operation_id = examples.operation(here)
    listeners = [service.listen(operation_id, key) for _ in range(CLIENTS_MAX)]
    try:
        for each in listeners:
            each.ask()
        with refused(503):
            service.listen(operation_id, key)
        assert service.get("/health/live")[0] == 200
    finally:
        for each in listeners:
            each.close()
    eventually(lambda: _may_listen(service, operation_id, key))


def test_whoever_loses_the_right_to_listen_is_closed(
    service: Service, here: Flashlog
) -> None:
    name = f"leaver-{uuid4()}"
    listener = service.listen(
        examples.operation(here), token_for(here, name, is_superuser=True)
    )
    listener.ask()
    user = here.log.get(User, id_of(here, name))
    user.deactivate()
    here.log.append(user)
    assert listener.close_code() == 1008


# --- slow clients ------------------------------------------------------------


def test_a_client_that_does_not_read_is_sent_away_and_the_others_are_told_at_once(
    service: Service, here: Flashlog, key: str
) -> None:
    operation_id = examples.operation(here)
    small = [(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)]
    slow = service.listen(operation_id, key, sockopt=small)
    # Logs that grow by this, more in all than any kernel keeps for a slow reader.
    line, saves = "x" * 100_000, 14
    with service.listen(operation_id, key) as quick:
        quick.ask()
        for count in range(1, saves + 1):
            cause = events.RetryScheduled(cause=line, not_before=examples.NOON)
            last = examples.note(here, operation_id, cause)
            assert quick.receive()["operation"]["log"].count(line) == count
    told = 0
    while (message := slow.receive_or_close()) is not None:
        told += 1
        # Whole messages only, and none of them left out.
        assert message["operation"]["log"].count(line) == told
    assert told < saves
    code, reason = slow.closed
    assert code == 4008
    assert int(reason.removeprefix("too slow; position=")) < last


def _saves() -> list[list[events.OperationEvent]]:
    return [
        examples.connected(),
        [
            events.ImageCompared(marker="", revision="r0", installed=False),
            events.UploadBegun(path="/tmp/x", size_bytes=100),
        ],
        [events.UploadAdvanced(sent_bytes=50, size_bytes=100)],
        [events.Uploaded(size_bytes=100, sha256="a", sent_bytes=100, seconds=1.0)],
        [examples.flashing()],
        [events.Failed(reason="never came back")],
    ]


def _may_listen(service: Service, operation_id: UUID, key: str) -> bool:
    try:
        service.listen(operation_id, key).close()
    except websocket.WebSocketBadStatusException:
        return False
    return True
