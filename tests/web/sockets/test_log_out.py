"""What becomes of sockets whose session somebody logs out of."""

import urllib.request
from typing import Any

import pytest

from application.flashlog import Flashlog
from tests.web import examples
from tests.web.serving import Service, Socket

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def overrides() -> dict[str, Any]:
    """Nobody is looked at again in time: what closes is the log-out."""
    return {"websocket_recheck_seconds": 3600}


def test_the_sockets_of_a_session_are_closed_with_it_and_no_others(
    service: Service, here: Flashlog, key: str
) -> None:
    operation_id = examples.operation(here)
    here_and_there = [service.log_in("listener", "tester") for _ in range(2)]
    (ended, other), by_token = (
        [_sockets(service, operation_id, cookie=each) for each in here_and_there],
        service.listen(operation_id, key),
    )
    _log_out(service, here_and_there[0])
    for listener in ended:
        while listener.receive_or_close() is not None:
            pass
        assert listener.closed[0] == 1008
        assert listener.closed[1].startswith("logged out")
    for still in (other[0], by_token):
        assert still.ask()["type"] == "operation_update"
        still.close()
    other[1].close()


def _sockets(service: Service, operation_id: object, *, cookie: str) -> list[Socket]:
    """Open a channel and the feed with the session of a browser."""
    paths = (f"upgrade-operation/{operation_id}/", "event/")
    return [
        service.open(f"/ws/firmware-upgrader/{path}", "", cookie=cookie)
        for path in paths
    ]


def _log_out(service: Service, cookie: str) -> None:
    token = cookie.partition("csrftoken=")[2].partition(";")[0]
    request = urllib.request.Request(
        f"{service.url}/admin/logout/",
        headers={"Cookie": cookie, "X-CSRFToken": token},
        method="POST",
    )
    urllib.request.urlopen(request, timeout=60).close()
