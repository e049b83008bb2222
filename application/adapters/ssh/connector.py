"""Opens sessions: every address with every log-in, until one works."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from uuid import UUID

from application.adapters.ssh.channels import ChannelRefusedError
from application.adapters.ssh.hop import Hop, open_hop
from application.adapters.ssh.logins import without_secrets
from application.adapters.ssh.private_keys import PrivateKeys
from application.adapters.ssh.reasons import NotThereError
from application.adapters.ssh.session import FabricSession
from application.adapters.ssh.wire import hang_up
from application.errors import (
    AuthenticationFailedError,
    HostKeyChangedError,
    LinkLostError,
    UnreachableError,
)
from application.ports import JumpHost, Limits, Login, Session, Target


class FabricConnector:
    """A `ports.Connector` on Fabric; may be used from several threads.

    Reads no SSH configuration, key or agent of the user who runs it. Private keys are
    read once for the life of the connector.
    """

    def __init__(self) -> None:
        self._keys = PrivateKeys()

    def open(self, target: Target, limits: Limits) -> Session:
        """Open the first session that works; see `ports.Connector.open`.

        A changed host key at one address does not keep the others from being tried: the
        address may have gone to another router. Where no other one works it is raised.
        Raises AuthenticationFailedError where a server answered and refused a log-in.

        With `target.accept_new_host_key` a log-in by password offers the empty one.
        """
        jumps: list[Hop] = []
        try:
            for jump_host in target.jump_hosts:
                jumps.append(self._open_jump(jump_host, jumps, limits))
            return self._open_router(target, jumps, limits)
        except BaseException:
            for jump in jumps:
                with suppress(Exception):
                    hang_up(jump.connection.client)
            raise

    def _open_jump(self, jump_host: JumpHost, jumps: list[Hop], limits: Limits) -> Hop:
        try:
            return open_hop(
                jump_host.address,
                jump_host.login,
                pinned=jump_host.host_key,
                gateway=jumps[-1].connection if jumps else None,
                limits=limits,
                keys=self._keys,
            )
        except UnreachableError as error:
            where = _where(jump_host.address, jump_host.login)
            raise type(error)(f"jump host {where}: {error}") from error

    def _open_router(
        self, target: Target, jumps: list[Hop], limits: Limits
    ) -> FabricSession:
        reasons: list[str] = []
        refused: dict[UUID, str] = {}
        changed: HostKeyChangedError | None = None
        skipped: set[tuple[str, int]] = set()
        for address, login in _attempts(target):
            if (address, login.port) in skipped:
                continue
            try:
                return self._open_session(
                    target, address, login, jumps, limits, refused
                )
            except (HostKeyChangedError, NotThereError) as error:
                skipped.add((address, login.port))  # the same for any other log-in
                if isinstance(error, HostKeyChangedError):
                    changed = changed or error
                reason: Exception = error
            except UnreachableError as error:
                if isinstance(error, AuthenticationFailedError):
                    refused[login.credentials_id] = str(error)
                reason = error
            reasons.append(f"{_where(address, login)}: {reason}.")
        if changed is not None:
            raise changed
        message = " ".join(reasons) or "no address or no log-in is known."
        if refused:
            raise AuthenticationFailedError(message, refused=refused)
        raise UnreachableError(message)

    def _open_session(
        self,
        target: Target,
        address: str,
        login: Login,
        jumps: list[Hop],
        limits: Limits,
        refused: Mapping[UUID, str],
    ) -> FabricSession:
        hop = open_hop(
            address,
            login,
            pinned=None if target.accept_new_host_key else target.host_key,
            gateway=jumps[-1].connection if jumps else None,
            limits=limits,
            keys=self._keys,
        )
        try:
            return FabricSession(
                [*(jump.connection for jump in jumps), hop.connection],
                address=address,
                port=login.port,
                credentials_id=login.credentials_id,
                refused=_others(refused, login),
                host_key=hop.host_key,
                jump_host_keys=tuple(jump.host_key for jump in jumps),
                weak_algorithms=hop.weak_algorithms,
            )
        except (ChannelRefusedError, LinkLostError) as error:
            hang_up(hop.connection.client)
            raise UnreachableError("the server opens no channel") from error


def _others(refused: Mapping[UUID, str], login: Login) -> Mapping[UUID, str]:
    """Leave out what was refused at one address and works at another one."""
    return {each: why for each, why in refused.items() if each != login.credentials_id}


def _attempts(target: Target) -> Iterator[tuple[str, Login]]:
    logins = target.logins
    if target.accept_new_host_key:
        logins = without_secrets(logins)
    for address in target.addresses:
        for login in logins:
            yield address, login


def _where(address: str, login: Login) -> str:
    return f"{address} port {login.port} as {login.username}"
