"""Host keys and algorithms, as the dropbear of a release has them."""

from functools import cache
from typing import Any

import asyncssh

from application.simulation.setup import generation

_WITH_ED25519 = 2102
_SHA1_ALONE = (b"ssh-rsa",)
_BY_ALL = {
    "encryption_algs": ["aes128-ctr", "aes256-ctr"],
    "mac_algs": ["hmac-sha2-256"],
    "compression_algs": ["none"],
}
_CURVE = "curve25519-sha256@libssh.org"


def new_host_key(release: str, *, other: bool = False) -> asyncssh.SSHKey:
    """Make a host key. 18.06 and 19.07 have RSA alone.

    RSA keys take long to make, so routers share one until they need an `other`.
    """
    if generation(release) >= _WITH_ED25519:
        return asyncssh.generate_private_key("ssh-ed25519")
    return _make_rsa() if other else _shared_rsa()


def options(release: str, key: asyncssh.SSHKey) -> dict[str, Any]:
    """Return what `asyncssh.create_server` needs to look like that release."""
    if generation(release) >= _WITH_ED25519:
        kex = ["curve25519-sha256", _CURVE]
        return {**_BY_ALL, "kex_algs": kex, "server_host_keys": [key]}
    (pair,) = asyncssh.load_keypairs(key)
    pair.host_key_algorithms = _SHA1_ALONE
    return {
        **_BY_ALL,
        "kex_algs": [_CURVE],
        "server_host_keys": [pair],
        "signature_algs": ["ssh-rsa"],
    }


def _make_rsa() -> asyncssh.SSHKey:
    return asyncssh.generate_private_key("ssh-rsa", key_size=2048)


@cache
def _shared_rsa() -> asyncssh.SSHKey:
    return _make_rsa()
