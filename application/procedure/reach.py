"""Reach a router: addresses, log-ins and host key of a device, and a session."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from application.flashlog import Flashlog
from application.ports import (
    Connector,
    HostKey,
    JumpHost,
    Limits,
    Login,
    Session,
    Target,
)
from application.procedure.discretion import DiscreetSession
from application.router.limits import RouterLimits
from application.router.router import Router
from application.settings import Settings
from application.upgraders import find_upgrader
from domain.credentials import Credentials
from domain.device.device import Device
from domain.device.words import PinnedKey
from domain.errors import NotFoundError
from domain.known_host import KnownHost


@contextmanager
def reach(
    flashlog: Flashlog,
    device: Device,
    *,
    accept_new_host_key: bool = False,
    connector: Connector | None = None,
) -> Iterator[tuple[Session, Router]]:
    """Open a session over every address and enabled connection of the device.

    Raises HostKeyChangedError and UnreachableError.
    """
    upgrader = find_upgrader(device.upgrader)
    target = _target(flashlog, device, accept_new_host_key=accept_new_host_key)
    connector = connector or flashlog.connector
    session = connector.open(target, _limits(flashlog.settings))
    try:
        _pin_jumps(flashlog, target, session)
        discreet = DiscreetSession(session, target)
        yield discreet, upgrader(discreet, _router_limits(flashlog.settings))
    finally:
        session.close()


def pinned(session: Session) -> PinnedKey:
    """Return the host key of a session as the device keeps it."""
    return _kept(session.host_key)


def _pin_jumps(flashlog: Flashlog, target: Target, session: Session) -> None:
    """Keep the keys of jump hosts that were met for the first time."""

    def pin() -> None:
        hosts = []
        for jump, key in zip(target.jump_hosts, session.jump_host_keys, strict=True):
            if jump.host_key is None:
                address, port = jump.address, jump.login.port
                host = _known_host(flashlog, address, port)
                host.pin(address, port, _kept(key))
                hosts.append(host)
        flashlog.log.append(*hosts)

    if any(jump.host_key is None for jump in target.jump_hosts):
        flashlog.log.decide(pin)


def _known_host(flashlog: Flashlog, address: str, port: int) -> KnownHost:
    return flashlog.log.get_or_new(KnownHost, KnownHost.id_of(address, port))


def _kept(key: HostKey) -> PinnedKey:
    return PinnedKey(type=key.type, base64=key.base64, fingerprint=key.fingerprint)


def _shown(key: PinnedKey | None) -> HostKey | None:
    if key is None:
        return None
    return HostKey(type=key.type, base64=key.base64, fingerprint=key.fingerprint)


def _target(flashlog: Flashlog, device: Device, *, accept_new_host_key: bool) -> Target:
    return Target(
        addresses=device.addresses,
        logins=tuple(
            _login(flashlog, connection.credentials_id)
            for connection in device.connections_to_try
        ),
        host_key=_shown(device.host_key),
        jump_hosts=tuple(
            _jump_host(flashlog, jump.address, jump.credentials_id)
            for jump in device.jumps
        ),
        accept_new_host_key=accept_new_host_key,
    )


def _jump_host(flashlog: Flashlog, address: str, credentials_id: UUID) -> JumpHost:
    login = _login(flashlog, credentials_id)
    host = _known_host(flashlog, address, login.port)
    return JumpHost(address=address, login=login, host_key=_shown(host.key))


def _login(flashlog: Flashlog, credentials_id: UUID) -> Login:
    credentials = flashlog.log.get(Credentials, credentials_id)
    try:
        secret = flashlog.vault.get(credentials.secret_id)
    except NotFoundError:
        # It was replaced since: the log names the new one.
        credentials = flashlog.log.get(Credentials, credentials_id)
        secret = flashlog.vault.get(credentials.secret_id)
    return Login(
        credentials_id=credentials_id,
        username=credentials.username,
        port=credentials.port,
        password=secret.get("password"),
        private_key=secret.get("private_key"),
        passphrase=secret.get("passphrase"),
    )


def _limits(settings: Settings) -> Limits:
    return Limits(
        connect_seconds=settings.connect_seconds,
        banner_seconds=settings.banner_seconds,
        authentication_seconds=settings.authentication_seconds,
    )


def _router_limits(settings: Settings) -> RouterLimits:
    return RouterLimits(
        script_seconds=settings.command_seconds,
        checksum_seconds=settings.checksum_seconds,
        image_test_seconds=settings.image_test_seconds,
        backup_seconds=settings.backup_seconds,
        hung_flash_seconds=int(settings.upgrade_timeout_seconds),
    )
