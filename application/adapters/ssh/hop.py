"""One connection to one server: the host key first, then the log-in.

Everything that a user's or a system's SSH configuration could say is kept out.
"""

from functools import partial
from typing import Any

import fabric
import msgspec
import paramiko
from paramiko.ssh_exception import IncompatiblePeer

from application.adapters.ssh.algorithms import (
    Offer,
    host_keys_of,
    modern_offer,
    needs_sha1,
    weak_offer,
)
from application.adapters.ssh.host_keys import PinnedKeyPolicy
from application.adapters.ssh.logins import LoginStrategy
from application.adapters.ssh.private_keys import PrivateKeyError, PrivateKeys
from application.adapters.ssh.reasons import (
    NotThereError,
    connect_failure,
    login_failure,
)
from application.adapters.ssh.wire import (
    BROKEN,
    RouterTransport,
    connect_socket,
    hang_up,
)
from application.errors import HostKeyChangedError, UnreachableError
from application.ports import HostKey, Limits, Login

# Packets that only pass a jump host's connection are not seen by the kernel there.
_KEEPALIVE_SECONDS = 30


class Hop(msgspec.Struct, frozen=True):
    """A server that let us in."""

    connection: Any
    host_key: HostKey
    weak_algorithms: bool


def open_hop(  # every one is a fact of its own
    address: str,
    login: Login,
    *,
    pinned: HostKey | None,
    gateway: Any | None,
    limits: Limits,
    keys: PrivateKeys,
) -> Hop:
    """Connect and log in, without SHA-1 where the server can do without.

    Raises HostKeyChangedError before anything secret is sent, NotThereError,
    AuthenticationFailedError, UnreachableError.
    """
    try:
        strategy = LoginStrategy(login, keys)
    except PrivateKeyError as error:
        raise UnreachableError(str(error)) from error
    attempt = partial(
        _Attempt,
        address,
        login,
        pinned=pinned,
        gateway=gateway,
        limits=limits,
        strategy=strategy,
    )
    pinned_type = None if pinned is None else pinned.type
    try:
        return attempt(modern_offer(pinned_type)).open()
    except _NeedsSha1Error:
        return attempt(weak_offer(pinned_type)).open()


class _NeedsSha1Error(Exception):
    """The server has no host key that is signed with anything better."""


class _Attempt:
    """One TCP connection with one offer and one log-in."""

    def __init__(
        self,
        address: str,
        login: Login,
        offer: Offer,
        *,
        pinned: HostKey | None,
        gateway: Any | None,
        limits: Limits,
        strategy: LoginStrategy,
    ) -> None:
        self._address = address
        self._login = login
        self._pinned = pinned
        self._gateway = gateway
        self._limits = limits
        self._offer = offer
        self._policy = PinnedKeyPolicy(address, pinned)
        self._connection = fabric.Connection(
            address,
            user=login.username,
            port=login.port,
            # Of its own: a connection changes it, and others would see that half done.
            config=fabric.Config(ssh_config=paramiko.SSHConfig(), lazy=True),
            gateway=gateway,
            forward_agent=False,
            connect_kwargs={
                "timeout": limits.banner_seconds,  # banner and key exchange together
                "banner_timeout": limits.banner_seconds,
                "auth_timeout": limits.authentication_seconds,
                "channel_timeout": limits.connect_seconds,
                "disabled_algorithms": {"pubkeys": offer.refused_signatures},
                "transport_factory": partial(RouterTransport, offer=offer),
                "auth_strategy": strategy,
                "compress": False,
            },
        )
        self._connection.client.set_missing_host_key_policy(self._policy)

    def open(self) -> Hop:
        try:
            self._connect()
        except BaseException as error:
            transport = self._connection.client.get_transport()
            hang_up(self._connection.client)
            if isinstance(error, IncompatiblePeer):
                self._judge_offered(transport.server_host_keys)
            if isinstance(error, BROKEN):
                seen = self._policy.seen is not None
                raise login_failure(error, self._limits, key_seen=seen) from error
            raise
        if self._policy.seen is None:
            raise AssertionError  # a log-in without a look at the key
        if self._gateway is not None:
            self._connection.transport.set_keepalive(_KEEPALIVE_SECONDS)
        return Hop(self._connection, self._policy.seen, self._offer.weak)

    def _connect(self) -> None:
        if self._gateway is not None:
            try:
                self._connection.open()
            except paramiko.ChannelException as error:
                raise NotThereError(f"the jump host says: {error.text}") from error
            return
        limit_seconds = self._limits.connect_seconds
        try:
            stream = connect_socket(self._address, self._login.port, limit_seconds)
        except UnicodeError as error:  # a name that no resolver can be asked for
            raise NotThereError("this is no host name") from error
        except OSError as error:
            raise connect_failure(error, limit_seconds) from error
        self._connection.connect_kwargs["sock"] = stream
        self._connection.open()

    def _judge_offered(self, offered: tuple[str, ...]) -> None:
        """Find out why there is no host key algorithm in common, if that is why."""
        pinned_type = None if self._pinned is None else self._pinned.type
        if not self._offer.weak and needs_sha1(offered, pinned_type):
            raise _NeedsSha1Error
        if self._pinned is not None and not set(host_keys_of(pinned_type)) & set(
            offered
        ):
            raise HostKeyChangedError(
                address=self._address,
                expected=f"{self._pinned.type} {self._pinned.fingerprint}",
                found=f"no {self._pinned.type} key but {', '.join(offered)}",
            )
