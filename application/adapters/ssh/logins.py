"""One log-in: what is offered to the server, and how its answer reads."""

from typing import Any

import paramiko
from paramiko.auth_strategy import AuthStrategy

from application.adapters.ssh.private_keys import PrivateKeys
from application.ports import Login


class LoginStrategy(AuthStrategy):  # type: ignore[misc]  # paramiko ships no types
    """Offers exactly one method, and nothing of the user who runs Flashlog.

    Dropbear closes the connection after three tries, and Fabric would begin with the
    keys of the agent and of `~/.ssh`.
    """

    def __init__(self, login: Login, keys: PrivateKeys) -> None:
        super().__init__(ssh_config=paramiko.SSHConfig())
        self._username = login.username
        self._password = login.password
        self._key: Any = None
        if login.private_key is not None:
            self._key = keys.read(login.private_key, login.passphrase)

    def authenticate(self, transport: Any) -> Any:
        """Log in; raises paramiko's AuthenticationException when refused."""
        if self._key is not None:
            return transport.auth_publickey(self._username, self._key)
        if not self._password:
            # Dropbear lets an account without a password in by "none" alone, and counts
            # it as no try.
            try:
                return transport.auth_none(self._username)
            except paramiko.BadAuthenticationType:
                pass
        return transport.auth_password(self._username, self._password or "")


def without_secrets(logins: tuple[Login, ...]) -> tuple[Login, ...]:
    """Turn passwords into empty ones, for a server whose key nobody knows yet.

    An empty password is what a router has after a flash that kept no configuration. A
    public key gives nothing away either.
    """
    harmless: list[Login] = []
    offered: set[tuple[str, int]] = set()
    for login in logins:
        if login.private_key is not None:
            harmless.append(login)
        elif (login.username, login.port) not in offered:
            offered.add((login.username, login.port))
            harmless.append(
                Login(
                    credentials_id=login.credentials_id,
                    username=login.username,
                    port=login.port,
                    password="",
                )
            )
    return tuple(harmless)
