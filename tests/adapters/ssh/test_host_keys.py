import base64
import subprocess
from typing import Any
from uuid import uuid4

import pytest

from application.adapters.ssh.connector import FabricConnector
from application.adapters.ssh.host_keys import host_key_of
from application.errors import HostKeyChangedError, UnreachableError
from application.ports import HostKey, Limits, Login, Target
from tests.adapters.ssh import daemons
from tests.adapters.ssh.conftest import UserKeys
from tests.adapters.ssh.daemons import PASSWORD, Daemon
from tests.adapters.ssh.fakes import FakeServer, running
from tests.adapters.ssh.given import at_loopback, by_key, by_password


def test_the_first_key_is_trusted_and_the_same_one_afterwards(
    connector: FabricConnector, limits: Limits, server: Daemon
) -> None:
    login = by_password(server.port, PASSWORD, server.username)
    first = connector.open(at_loopback(login), limits)
    first.close()
    again = connector.open(at_loopback(login, host_key=first.host_key), limits)
    again.close()
    assert again.host_key == first.host_key


def test_the_fingerprint_is_the_one_that_ssh_keygen_shows(
    ed25519_host_key: Any, tmp_path: Any
) -> None:
    public = tmp_path / "key.pub"
    public.write_text(f"ssh-ed25519 {ed25519_host_key.get_base64()}\n")
    shown = subprocess.run(
        ["ssh-keygen", "-l", "-f", public], capture_output=True, check=True, timeout=20
    )
    assert host_key_of(ed25519_host_key).fingerprint.encode() in shown.stdout


@pytest.mark.parametrize("accepted", ["password", "publickey"])
def test_a_changed_key_is_refused_before_anybody_logs_in(
    accepted: str,
    connector: FabricConnector,
    limits: Limits,
    ed25519_host_key: Any,
    other_ed25519_host_key: Any,
    user_keys: UserKeys,
) -> None:
    pinned = host_key_of(other_ed25519_host_key)
    with running(FakeServer(ed25519_host_key, password="secret")) as server:
        login = (
            by_password(server.port, "secret")
            if accepted == "password"
            else by_key(server.port, user_keys.ed25519, "root")
        )
        with pytest.raises(HostKeyChangedError) as caught:
            connector.open(at_loopback(login, login, host_key=pinned), limits)
        assert server.attempts == []
        assert server.connections == 1  # the second log-in would have met the same key
    assert pinned.fingerprint in caught.value.expected
    assert host_key_of(ed25519_host_key).fingerprint in caught.value.found
    assert "secret" not in str(caught.value)


def test_only_the_type_of_the_pinned_key_is_negotiated(
    connector: FabricConnector, limits: Limits, rsa_host_key: Any, ed25519_host_key: Any
) -> None:
    """With both keys on offer an unpinned router shows the ed25519 one."""
    host_keys = (ed25519_host_key, rsa_host_key)
    with running(FakeServer(*host_keys, password="x")) as server:
        login = by_password(server.port, "x")
        unpinned = connector.open(at_loopback(login), limits)
        unpinned.close()
        pinned = host_key_of(rsa_host_key)
        session = connector.open(at_loopback(login, host_key=pinned), limits)
        session.close()
    assert unpinned.host_key == host_key_of(ed25519_host_key)
    assert session.host_key == pinned
    assert not session.weak_algorithms  # an RSA key signs with SHA-2 as well


def test_a_server_without_the_pinned_type_has_changed_its_key(
    connector: FabricConnector, limits: Limits, rsa_host_key: Any, ed25519_host_key: Any
) -> None:
    pinned = host_key_of(ed25519_host_key)
    with running(FakeServer(rsa_host_key, password="x", only_sha1=True)) as server:
        login = by_password(server.port, "x")
        with pytest.raises(HostKeyChangedError, match="no ssh-ed25519 key but ssh-rsa"):
            connector.open(at_loopback(login, host_key=pinned), limits)
        assert server.attempts == []


def test_another_address_may_still_be_the_router(
    connector: FabricConnector, limits: Limits, dropbear: Daemon, ed25519_host_key: Any
) -> None:
    """An old address may belong to another router by now."""
    login = by_password(dropbear.port, PASSWORD, dropbear.username)
    session = connector.open(at_loopback(login), limits)
    session.close()
    with running(FakeServer(ed25519_host_key, password=PASSWORD)) as stranger:
        target = at_loopback(
            by_password(stranger.port, PASSWORD), login, host_key=session.host_key
        )
        connector.open(target, limits).close()
        assert stranger.attempts == []


def test_after_a_flash_without_configuration_no_secret_is_offered(
    connector: FabricConnector,
    limits: Limits,
    ed25519_host_key: Any,
    other_ed25519_host_key: Any,
    user_keys: UserKeys,
) -> None:
    with running(FakeServer(ed25519_host_key, lets_in_none=True)) as server:
        target = Target(
            addresses=("127.0.0.1",),
            logins=(
                by_key(server.port, user_keys.ed25519, "root"),
                by_password(server.port, "secret"),
                by_password(server.port, "another secret"),
            ),
            host_key=host_key_of(other_ed25519_host_key),
            accept_new_host_key=True,
        )
        session = connector.open(target, limits)
        session.close()
        assert server.attempts == [("publickey", "ssh-ed25519"), ("none", "")]
    assert session.host_key == host_key_of(ed25519_host_key)


def test_a_pinned_key_of_an_unknown_type_is_no_reason_to_trust_another(
    connector: FabricConnector, limits: Limits, ed25519_host_key: Any
) -> None:
    pinned = HostKey(
        type="ssh-dss",
        base64=base64.b64encode(b"old").decode(),
        fingerprint="SHA256:old",
    )
    with running(FakeServer(ed25519_host_key, password="x")) as server:
        login = by_password(server.port, "x")
        with pytest.raises((HostKeyChangedError, UnreachableError)):
            connector.open(at_loopback(login, host_key=pinned), limits)
        assert server.attempts == []


class TestServersThatSpeakOnlySha1:
    """OpenWrt 18.06 and 19.07."""

    def test_they_are_reached_by_password_and_the_session_says_so(
        self, connector: FabricConnector, limits: Limits, rsa_host_key: Any
    ) -> None:
        server = FakeServer(rsa_host_key, password="x", only_sha1=True)
        with running(server):
            session = connector.open(at_loopback(by_password(server.port, "x")), limits)
            assert session.weak_algorithms
            assert session.host_key.type == "ssh-rsa"
            assert session.execute("true", limit_seconds=60).exit_status == 0
            session.close()
            assert server.connections == 2  # the first one offered no SHA-1

    def test_an_rsa_key_signs_with_sha1_there(
        self,
        connector: FabricConnector,
        limits: Limits,
        rsa_host_key: Any,
        user_keys: UserKeys,
    ) -> None:
        authorized = user_keys.authorized.split()[1]
        server = FakeServer(rsa_host_key, authorized=(authorized,), only_sha1=True)
        with running(server):
            login: Login = by_key(server.port, user_keys.rsa, "root")
            session = connector.open(at_loopback(login), limits)
            session.close()
        assert session.weak_algorithms

    def test_a_pinned_key_is_checked_there_as_well(
        self, connector: FabricConnector, limits: Limits, rsa_host_key: Any
    ) -> None:
        server = FakeServer(rsa_host_key, password="x", only_sha1=True)
        with running(server):
            login = by_password(server.port, "x")
            known = host_key_of(rsa_host_key)
            connector.open(at_loopback(login, host_key=known), limits).close()
            server.attempts.clear()
            other = HostKey(type="ssh-rsa", base64="AAAA", fingerprint="SHA256:other")
            with pytest.raises(HostKeyChangedError):
                connector.open(at_loopback(login, host_key=other), limits)
            assert server.attempts == []


def test_an_rsa_host_key_alone_needs_no_sha1_on_newer_routers(
    connector: FabricConnector, limits: Limits, server_folder: Any, tmp_path: Any
) -> None:
    """The 4 MB boards: dropbear without ed25519, but with rsa-sha2-256."""
    with daemons.dropbear(server_folder, host_keys=("rsa",)) as daemon:
        login = by_password(daemon.port, PASSWORD, daemon.username)
        session = connector.open(at_loopback(login), limits)
        session.close()
    assert session.host_key.type == "ssh-rsa"
    assert not session.weak_algorithms


def test_the_session_names_the_credentials_that_worked(
    connector: FabricConnector, limits: Limits, ed25519_host_key: Any
) -> None:
    with running(FakeServer(ed25519_host_key, password="x")) as server:
        wrong, right = (
            Login(credentials_id=uuid4(), username="u", port=server.port, password=word)
            for word in ("y", "x")
        )
        session = connector.open(at_loopback(wrong, right), limits)
        session.close()
    assert session.credentials_id == right.credentials_id
    assert session.refused == {wrong.credentials_id: "the log-in was refused"}
