import logging
import socket
import threading
import traceback
from pathlib import Path
from typing import Any

import pytest
from invoke.config import Config

from application.adapters.ssh import hop
from application.adapters.ssh.connector import FabricConnector
from application.adapters.ssh.wire import LOG_CHANNEL, connect_socket
from application.errors import (
    AuthenticationFailedError,
    HostKeyChangedError,
    UnreachableError,
)
from application.ports import JumpHost, Limits, Target
from tests.adapters.ssh.conftest import PASSPHRASE, UserKeys
from tests.adapters.ssh.daemons import PASSWORD, Daemon, free_port
from tests.adapters.ssh.fakes import (
    FakeServer,
    deaf_server,
    running,
    silent_server,
)
from tests.adapters.ssh.given import (
    CREDENTIALS_ID,
    at_loopback,
    by_key,
    by_password,
)


def test_a_password_opens_a_session(
    connector: FabricConnector, limits: Limits, server: Daemon
) -> None:
    login = by_password(server.port, PASSWORD, server.username)
    session = connector.open(at_loopback(login), limits)
    assert (session.address, session.port) == ("127.0.0.1", server.port)
    assert session.credentials_id == CREDENTIALS_ID
    assert session.host_key.type == "ssh-ed25519"
    assert session.host_key.fingerprint.startswith("SHA256:")
    assert not session.weak_algorithms
    assert 0 < session.round_trip_seconds < 1
    assert session.execute("echo in", limit_seconds=60).stdout == b"in\n"
    session.close()


@pytest.mark.parametrize("name", ["rsa", "ed25519"])
def test_a_private_key_opens_a_session(
    name: str,
    connector: FabricConnector,
    limits: Limits,
    server: Daemon,
    user_keys: UserKeys,
) -> None:
    login = by_key(server.port, getattr(user_keys, name), server.username)
    session = connector.open(at_loopback(login), limits)
    assert session.execute("exit 7", limit_seconds=60).exit_status == 7
    session.close()


def test_a_passphrase_opens_a_locked_key(
    connector: FabricConnector, limits: Limits, dropbear: Daemon, user_keys: UserKeys
) -> None:
    login = by_key(dropbear.port, user_keys.locked, dropbear.username, PASSPHRASE)
    connector.open(at_loopback(login), limits).close()


@pytest.mark.parametrize(
    ("passphrase", "reason"),
    [(None, "needs a passphrase"), ("wrong", "passphrase is wrong")],
)
def test_a_locked_key_without_its_passphrase_is_said_so(
    passphrase: str | None,
    reason: str,
    connector: FabricConnector,
    limits: Limits,
    user_keys: UserKeys,
) -> None:
    login = by_key(free_port(), user_keys.locked, "root", passphrase)
    with pytest.raises(UnreachableError, match=reason) as caught:
        connector.open(at_loopback(login), limits)
    assert "PRIVATE KEY" not in str(caught.value)


def test_every_login_is_tried_until_one_works(
    connector: FabricConnector, limits: Limits, dropbear: Daemon, user_keys: UserKeys
) -> None:
    session = connector.open(
        at_loopback(
            by_key(dropbear.port, "no key at all", dropbear.username),
            by_password(dropbear.port, "wrong", dropbear.username),
            by_key(dropbear.port, user_keys.ed25519, dropbear.username),
        ),
        limits,
    )
    session.close()


def test_the_reasons_of_all_tries_are_told_without_the_secrets(
    connector: FabricConnector, limits: Limits, dropbear: Daemon
) -> None:
    nobody = free_port()
    target = Target(
        addresses=("127.0.0.1", "127.0.0.2"),
        logins=(
            by_password(dropbear.port, "hunter2", dropbear.username),
            by_password(nobody, "hunter3"),
        ),
    )
    with pytest.raises(AuthenticationFailedError) as caught:
        connector.open(target, limits)
    message = str(caught.value)
    port = dropbear.port
    assert f"127.0.0.1 port {port} as {dropbear.username}: the log-in was" in message
    assert f"127.0.0.1 port {nobody} as root: connection refused." in message
    assert f"127.0.0.2 port {port} as {dropbear.username}: connection" in message
    assert "hunter" not in message
    # Nobody answered the other one: that says nothing of its password.
    assert list(caught.value.refused.values()) == ["the log-in was refused"]


def test_a_name_that_no_resolver_takes_is_an_address_that_does_not_answer(
    connector: FabricConnector, limits: Limits
) -> None:
    target = Target(addresses=("x" * 64,), logins=(by_password(22, "secret"),))
    with pytest.raises(UnreachableError, match="this is no host name"):
        connector.open(target, limits)


def test_a_password_is_offered_once(
    connector: FabricConnector, limits: Limits, ed25519_host_key: object
) -> None:
    with running(FakeServer(ed25519_host_key, password="right")) as server:
        with pytest.raises(AuthenticationFailedError, match="the log-in was refused"):
            connector.open(at_loopback(by_password(server.port, "wrong")), limits)
        assert server.attempts == [("password", "wrong")]


def test_an_account_without_a_password_lets_in_by_none(
    connector: FabricConnector, limits: Limits, ed25519_host_key: object
) -> None:
    with running(FakeServer(ed25519_host_key, lets_in_none=True)) as server:
        connector.open(at_loopback(by_password(server.port, "")), limits).close()
        assert server.attempts == [("none", "")]


def test_a_server_that_takes_no_none_is_offered_the_empty_password(
    connector: FabricConnector, limits: Limits, ed25519_host_key: object
) -> None:
    with running(FakeServer(ed25519_host_key, password="")) as server:
        connector.open(at_loopback(by_password(server.port, "")), limits).close()
        assert server.attempts == [("none", ""), ("password", "")]


def test_an_address_that_does_not_answer_is_tried_once_for_all_logins(
    connector: FabricConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = Limits(connect_seconds=0.5)
    tried: list[tuple[Any, ...]] = []

    def connect(*to: Any) -> socket.socket:
        tried.append(to)
        return connect_socket(*to)

    monkeypatch.setattr(hop, "connect_socket", connect)
    with deaf_server() as port:
        logins = (by_password(port, "one"), by_password(port, "two"))
        with pytest.raises(UnreachableError, match=r"nobody answered within 0\.5 s"):
            connector.open(at_loopback(*logins), limits)
    assert len(tried) == 1


@pytest.mark.parametrize("first_words", [b"", b"SSH-2.0-dropbear\r\n"])
def test_a_server_that_says_nothing_more_has_a_limit(
    first_words: bytes, connector: FabricConnector
) -> None:
    limits = Limits(banner_seconds=0.5)
    with (
        silent_server(first_words) as port,
        pytest.raises(UnreachableError, match=r"no SSH key exchange within 0\.5"),
    ):
        connector.open(at_loopback(by_password(port, "secret")), limits)


def test_a_server_that_speaks_something_else_has_a_limit(
    connector: FabricConnector,
) -> None:
    limits = Limits(banner_seconds=0.5)
    with silent_server(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        target = at_loopback(by_password(port, "secret"))
        with pytest.raises(UnreachableError, match="no SSH key exchange"):
            connector.open(target, limits)


def test_a_jump_host_leads_to_the_router(
    connector: FabricConnector,
    limits: Limits,
    dropbear: Daemon,
    sshd: Daemon,
    user_keys: UserKeys,
) -> None:
    """Through two of them: dropbear, then sshd, then dropbear again."""
    jumps = (
        JumpHost(
            address="127.0.0.1",
            login=by_password(dropbear.port, PASSWORD, dropbear.username),
        ),
        JumpHost(
            address="127.0.0.1",
            login=by_key(sshd.port, user_keys.rsa, sshd.username),
        ),
    )
    target = Target(
        addresses=("127.0.0.9", "127.0.0.1"),
        logins=(by_key(dropbear.port, user_keys.ed25519, dropbear.username),),
        jump_hosts=jumps,
    )
    session = connector.open(target, limits)
    assert session.address == "127.0.0.1"
    done = session.execute("echo there; echo wrong >&2; exit 3", limit_seconds=60)
    assert (done.exit_status, done.stdout, done.stderr) == (3, b"there\n", b"wrong\n")
    session.close()


def test_a_jump_host_that_shows_another_key_is_refused(
    connector: FabricConnector,
    limits: Limits,
    dropbear: Daemon,
    ed25519_host_key: object,
    other_ed25519_host_key: object,
) -> None:
    with running(FakeServer(other_ed25519_host_key, password="right")) as known:
        login = by_password(known.port, "right")
        session = connector.open(at_loopback(login), limits)
        pinned = session.host_key
        session.close()
    with running(FakeServer(ed25519_host_key, password="right")) as changed:
        jump = JumpHost(
            address="127.0.0.1",
            login=by_password(changed.port, "right"),
            host_key=pinned,
        )
        target = Target(
            addresses=("127.0.0.1",),
            logins=(by_password(dropbear.port, PASSWORD, dropbear.username),),
            jump_hosts=(jump,),
        )
        with pytest.raises(HostKeyChangedError):
            connector.open(target, limits)
        assert changed.attempts == []


def test_a_refused_jump_host_is_named(
    connector: FabricConnector, limits: Limits, dropbear: Daemon
) -> None:
    jump = JumpHost(
        address="127.0.0.1",
        login=by_password(dropbear.port, "wrong", dropbear.username),
    )
    target = Target(
        addresses=("127.0.0.1",),
        logins=(by_password(dropbear.port, PASSWORD, dropbear.username),),
        jump_hosts=(jump,),
    )
    with pytest.raises(AuthenticationFailedError, match=r"^jump host 127"):
        connector.open(target, limits)


def test_no_thread_is_left_behind_and_the_log_stays_quiet(
    connector: FabricConnector,
    limits: Limits,
    dropbear: Daemon,
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = set(threading.enumerate())
    login = by_password(dropbear.port, PASSWORD, dropbear.username)
    session = connector.open(at_loopback(login), limits)
    session.execute("true", limit_seconds=60)
    session.close()
    with (
        caplog.at_level(logging.WARNING),
        pytest.raises(UnreachableError),
        silent_server(b"") as port,
    ):
        connector.open(at_loopback(by_password(port, "x")), Limits(banner_seconds=0.3))
    assert set(threading.enumerate()) <= before
    # Pytest also hears the logger that is cut off from the log of the program.
    assert {record.name for record in caplog.records} <= {LOG_CHANNEL}
    assert not logging.getLogger(LOG_CHANNEL).propagate


def test_the_configuration_of_the_user_is_not_read(
    connector: FabricConnector,
    limits: Limits,
    ed25519_host_key: object,
    user_keys: UserKeys,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The home that Flashlog runs in has a key and a configuration; neither is used."""
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "id_ed25519").write_text(user_keys.ed25519)
    (tmp_path / ".ssh" / "config").write_text("Host *\n  User nobody\n  Port 1\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    with running(FakeServer(ed25519_host_key, password="right")) as server:
        with pytest.raises(AuthenticationFailedError):
            connector.open(at_loopback(by_password(server.port, "wrong")), limits)
        assert server.attempts == [("password", "wrong")]


def test_a_connection_is_built_while_another_one_is_half_built(
    connector: FabricConnector, limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = at_loopback(by_password(free_port(), PASSWORD))
    built = []
    merge = Config.merge

    def begin(config: Config) -> None:
        # As merging does it: first all that was known is gone, then it comes again.
        monkeypatch.undo()
        config._set(_config={})
        with pytest.raises(UnreachableError, match="refused"):
            connector.open(nobody, limits)
        built.append(nobody)
        merge(config)

    def merge_later(config: Config) -> None:
        if _is_of_a_connection():
            begin(config)
        else:
            merge(config)

    monkeypatch.setattr(Config, "merge", merge_later)
    with pytest.raises(UnreachableError, match="refused"):
        connector.open(nobody, limits)
    assert built == [nobody]


def _is_of_a_connection() -> bool:
    """Whether a connection under construction changes its configuration."""
    return any(
        frame.name == "__init__" and Path(frame.filename).name == "connection.py"
        for frame in traceback.extract_stack()
    )
