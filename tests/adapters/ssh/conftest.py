import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import paramiko
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from application.adapters.ssh.connector import FabricConnector
from application.ports import Limits
from tests.adapters.ssh import daemons
from tests.adapters.ssh.daemons import Daemon

PASSPHRASE = "open sesame"


class UserKeys(msgspec.Struct, frozen=True):
    """Private keys as a person pastes them; `locked` has the passphrase."""

    rsa: str
    ed25519: str
    locked: str
    authorized: str


def _pem(key: Any, form: Any, passphrase: str | None = None) -> str:
    hidden: Any = serialization.NoEncryption()
    if passphrase is not None:
        hidden = serialization.BestAvailableEncryption(passphrase.encode())
    plain: bytes = key.private_bytes(serialization.Encoding.PEM, form, hidden)
    return plain.decode()


def _public(key: Any) -> str:
    line: bytes = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    return line.decode() + " flashlog\n"


@pytest.fixture(scope="session")
def user_keys() -> UserKeys:
    first = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    second = ed25519.Ed25519PrivateKey.generate()
    form = serialization.PrivateFormat
    return UserKeys(
        rsa=_pem(first, form.TraditionalOpenSSL),
        ed25519=_pem(second, form.OpenSSH),
        locked=_pem(second, form.OpenSSH, PASSPHRASE),
        authorized=_public(first) + _public(second),
    )


@pytest.fixture(scope="session")
def server_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    reason = daemons.missing()
    if reason is not None:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("servers")
    daemons.make_host_keys(folder)
    return folder


@pytest.fixture(scope="session")
def dropbear(server_folder: Path, user_keys: UserKeys) -> Iterator[Daemon]:
    with daemons.dropbear(server_folder, authorized=user_keys.authorized) as daemon:
        yield daemon


@pytest.fixture(scope="session")
def sshd(server_folder: Path, user_keys: UserKeys) -> Iterator[Daemon]:
    with daemons.sshd(server_folder, authorized=user_keys.authorized) as daemon:
        yield daemon


@pytest.fixture(params=["dropbear", "sshd"])
def server(request: pytest.FixtureRequest) -> Daemon:
    daemon: Daemon = request.getfixturevalue(request.param)
    return daemon


@pytest.fixture(scope="session")
def rsa_host_key() -> Any:
    return paramiko.RSAKey.generate(2048)


@pytest.fixture(scope="session")
def ed25519_host_key() -> Any:
    return _ed25519_host_key()


@pytest.fixture(scope="session")
def other_ed25519_host_key() -> Any:
    return _ed25519_host_key()


def _ed25519_host_key() -> Any:
    plain = _pem(
        ed25519.Ed25519PrivateKey.generate(), serialization.PrivateFormat.OpenSSH
    )
    return paramiko.Ed25519Key(file_obj=io.StringIO(plain))


@pytest.fixture
def connector() -> FabricConnector:
    return FabricConnector()


@pytest.fixture
def limits() -> Limits:
    return Limits(connect_seconds=60, banner_seconds=60, authentication_seconds=60)
