import time

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec

from application.adapters.ssh.private_keys import PrivateKeyError, PrivateKeys
from tests.adapters.ssh.conftest import PASSPHRASE, UserKeys


def test_a_key_is_read_once(user_keys: UserKeys) -> None:
    keys = PrivateKeys()
    first = keys.read(user_keys.rsa, None)
    begun = time.process_time()
    assert keys.read(user_keys.rsa, None) is first
    assert time.process_time() - begun < 0.01


def test_a_key_that_is_kept_does_not_open_without_its_passphrase(
    user_keys: UserKeys,
) -> None:
    keys = PrivateKeys()
    keys.read(user_keys.locked, PASSPHRASE)
    for wrong in (None, "", "wrong"):
        with pytest.raises(PrivateKeyError):
            keys.read(user_keys.locked, wrong)


def test_spaces_around_a_pasted_key_do_no_harm(user_keys: UserKeys) -> None:
    key = PrivateKeys().read(f"\n  {user_keys.ed25519}\n\n", None)
    assert key.get_name() == "ssh-ed25519"


def test_an_elliptic_curve_key_in_pkcs8_is_read() -> None:
    text = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    assert PrivateKeys().read(text.decode(), None).get_name() == "ecdsa-sha2-nistp256"


def test_a_key_of_a_kind_that_routers_do_not_take_is_refused() -> None:
    text = dsa.generate_private_key(key_size=1024).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    with pytest.raises(PrivateKeyError, match="neither RSA, ECDSA nor Ed25519"):
        PrivateKeys().read(text.decode(), None)
