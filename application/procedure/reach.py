"""Reach a router: addresses, log-ins and host key of a device, and a session."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from application.flashlog import Flashlog
from application.ports import HostKey, JumpHost, Limits, Login, Session, Target
from application.router.limits import RouterLimits
from application.router.router import Router
from application.settings import Settings
from application.upgraders import find_upgrader
from domain.credentials import Credentials
from domain.device.device import Device
from domain.device.words import PinnedKey


@contextmanager
def reach(
    flashlog: Flashlog, device: Device, *, accept_new_host_key: bool = False
) -> Iterator[tuple[Session, Router]]:
    """Open a session over every address and enabled connection of the device.

    Raises HostKeyChangedError and UnreachableError.
    """
    upgrader = find_upgrader(device.upgrader)
    target = _target(flashlog, device, accept_new_host_key=accept_new_host_key)
    session = flashlog.connector.open(target, _limits(flashlog.settings))
    try:
        yield session, upgrader(session, _router_limits(flashlog.settings))
    finally:
        session.close()


def pinned(session: Session) -> PinnedKey:
    """Return the host key of a session as the device keeps it."""
    key = session.host_key
    return PinnedKey(type=key.type, base64=key.base64, fingerprint=key.fingerprint)


def _target(flashlog: Flashlog, device: Device, *, accept_new_host_key: bool) -> Target:
    key = device.host_key
    return Target(
        addresses=device.addresses,
        logins=tuple(
            _login(flashlog, connection.credentials_id)
            for connection in device.enabled_connections
        ),
        host_key=(
            HostKey(type=key.type, base64=key.base64, fingerprint=key.fingerprint)
            if key
            else None
        ),
        jump_hosts=tuple(
            JumpHost(address=jump.address, login=_login(flashlog, jump.credentials_id))
            for jump in device.jumps
        ),
        accept_new_host_key=accept_new_host_key,
    )


def _login(flashlog: Flashlog, credentials_id: UUID) -> Login:
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
