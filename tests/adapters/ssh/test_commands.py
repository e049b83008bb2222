import socket
import threading
from collections.abc import Iterator
from typing import Any

import paramiko
import pytest
from paramiko.common import MSG_CHANNEL_CLOSE

from application.adapters.ssh.algorithms import modern_offer
from application.adapters.ssh.channels import open_channel
from application.adapters.ssh.connector import FabricConnector
from application.adapters.ssh.exchange import Exchange
from application.adapters.ssh.wire import RouterTransport
from application.errors import LinkLostError, UnexpectedError
from application.ports import Limits, Session
from tests.adapters.ssh.daemons import PASSWORD, Daemon
from tests.adapters.ssh.fakes import (
    FakeServer,
    exit_without_status,
    flood,
    hang,
    running,
)
from tests.adapters.ssh.given import at_loopback, by_password
from tests.adapters.ssh.link import link_to


@pytest.fixture
def session(
    connector: FabricConnector, limits: Limits, server: Daemon
) -> Iterator[Session]:
    login = by_password(server.port, PASSWORD, server.username)
    opened = connector.open(at_loopback(login), limits)
    yield opened
    opened.close()


@pytest.fixture
def fake(ed25519_host_key: Any) -> Iterator[FakeServer]:
    with running(FakeServer(ed25519_host_key, password="x")) as server:
        yield server


@pytest.fixture
def fake_session(
    connector: FabricConnector, limits: Limits, fake: FakeServer
) -> Iterator[Session]:
    opened = connector.open(at_loopback(by_password(fake.port, "x")), limits)
    yield opened
    opened.close()


def test_a_command_tells_its_status_and_both_outputs(session: Session) -> None:
    done = session.execute("echo out; echo err >&2; exit 5", limit_seconds=60)
    assert (done.exit_status, done.stdout, done.stderr) == (5, b"out\n", b"err\n")
    assert 0 < done.seconds < 10


def test_many_commands_share_one_session(session: Session) -> None:
    for number in range(20):
        done = session.execute(f"echo {number}", limit_seconds=60)
        assert done.stdout == f"{number}\n".encode()


def test_standard_input_is_empty(session: Session) -> None:
    done = session.execute("wc -c", limit_seconds=60)
    assert done.stdout.strip() == b"0"


def test_much_output_on_both_sides_comes_whole(session: Session) -> None:
    """A reader of one side alone would wait for ever."""
    command = "head -c 3000000 /dev/zero >&2; head -c 3000000 /dev/zero; echo end >&2"
    done = session.execute(command, limit_seconds=60, stdout_bytes_max=4 << 20)
    assert len(done.stdout) == 3000000
    assert done.stderr.endswith(b"end\n")
    assert len(done.stderr) <= 64 << 10  # of the reason the end is enough


def test_a_command_has_a_limit_and_the_session_goes_on(session: Session) -> None:
    with pytest.raises(LinkLostError, match=r"'sleep 30' did not end within 0\.5 s"):
        session.execute("sleep 30", limit_seconds=0.5)
    assert session.execute("echo on", limit_seconds=60).stdout == b"on\n"


def test_a_command_in_the_background_does_not_hold_the_session(
    session: Session,
) -> None:
    done = session.execute(
        "( sleep 90 ) >/dev/null 2>&1 </dev/null & echo away", limit_seconds=10
    )
    assert done.stdout == b"away\n"
    assert done.seconds < 60


def test_too_much_output_is_unexpected(fake: FakeServer, fake_session: Session) -> None:
    fake.play = flood
    with pytest.raises(UnexpectedError, match="more than 100000 bytes of output"):
        fake_session.execute("flood", limit_seconds=60, stdout_bytes_max=100_000)


def test_an_end_without_a_status_is_said_so(
    fake: FakeServer, fake_session: Session
) -> None:
    fake.play = exit_without_status
    done = fake_session.execute("reboot", limit_seconds=60)
    assert done.exit_status is None


def test_a_killed_server_is_a_lost_link(
    fake: FakeServer, fake_session: Session
) -> None:
    fake.play = hang
    killer = threading.Timer(0.3, fake.drop)
    killer.start()
    with pytest.raises(LinkLostError, match="broke while 'wait' ran"):
        fake_session.execute("wait", limit_seconds=60)
    killer.join()
    with pytest.raises(LinkLostError):
        fake_session.execute("wait", limit_seconds=60)


def test_a_link_that_stands_still_ends_with_the_limit(
    connector: FabricConnector, limits: Limits, dropbear: Daemon
) -> None:
    with link_to(dropbear.port) as link:
        login = by_password(link.port, PASSWORD, dropbear.username)
        session = connector.open(at_loopback(login), limits)
        link.stall_at_bytes = 0
        for _ in range(2):
            with pytest.raises(LinkLostError):
                session.execute("true", limit_seconds=0.5)
        session.close()


def test_the_round_trip_is_measured_through_the_link(
    connector: FabricConnector, limits: Limits, server: Daemon
) -> None:
    with link_to(server.port, round_trip_seconds=0.1) as link:
        login = by_password(link.port, PASSWORD, server.username)
        session = connector.open(at_loopback(login), limits)
        session.close()
    assert 0.1 <= session.round_trip_seconds < 10


def test_a_closed_session_says_that_the_link_is_gone(session: Session) -> None:
    session.close()
    session.close()
    with pytest.raises(LinkLostError):
        session.execute("true", limit_seconds=60)


def test_closing_wakes_a_command_that_runs(session: Session) -> None:
    closer = threading.Timer(0.3, session.close)
    closer.start()
    with pytest.raises(LinkLostError):
        session.execute("sleep 90", limit_seconds=60)
    closer.join()


def test_a_channel_may_be_closed_before_anything_is_asked_of_it(
    fake: FakeServer,
) -> None:
    address = ("127.0.0.1", fake.port)
    with socket.create_connection(address) as stream:
        transport = RouterTransport(stream, modern_offer(None))
        try:
            transport.start_client(timeout=60)
            transport.auth_password("root", "x")
            channel = open_channel(transport, 60)
            handle = transport._channel_handler_table[MSG_CHANNEL_CLOSE]
            handle(channel, paramiko.Message())
            exchange = Exchange(channel, "true", 100)

            assert not exchange.wait_for_start()
            assert exchange.finish(1).exit_status is None
            assert transport.is_active()
        finally:
            transport.close()
