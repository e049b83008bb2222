"""Which algorithms are offered to a server.

Everything without SHA-1 first. OpenWrt 18.06 and 19.07 have only an `ssh-rsa` host key,
signed with SHA-1, and take RSA user keys only with SHA-1 signatures; they get a second
connection that allows it, and no other server does.
"""

import msgspec

# Cheapest first, for us and (with AES instructions) for sshd; dropbear has CTR only.
# No CBC, and nothing that needs a compressor.
_CIPHERS = (
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "aes128-ctr",
    "aes256-ctr",
)
_MACS = (
    "hmac-sha2-256",
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512",
    "hmac-sha2-512-etm@openssh.com",
)
_KEY_EXCHANGES = (
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group-exchange-sha256",
    "diffie-hellman-group14-sha256",
)
_RSA_SHA2 = ("rsa-sha2-256", "rsa-sha2-512")
_RSA_SHA1 = "ssh-rsa"
_HOST_KEYS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    *_RSA_SHA2,
)


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What we offer in one key exchange, in our order of preference."""

    ciphers: tuple[str, ...] = _CIPHERS
    macs: tuple[str, ...] = _MACS
    key_exchanges: tuple[str, ...] = _KEY_EXCHANGES
    host_keys: tuple[str, ...] = _HOST_KEYS
    refused_signatures: tuple[str, ...] = (_RSA_SHA1,)
    weak: bool = False


def modern_offer(pinned_type: str | None) -> Offer:
    """Offer no SHA-1; of host keys only the pinned type where there is a pin."""
    return Offer(
        host_keys=tuple(name for name in host_keys_of(pinned_type) if name != _RSA_SHA1)
    )


def weak_offer(pinned_type: str | None) -> Offer:
    """Offer what OpenWrt 18.06 and 19.07 need, SHA-1 signatures included."""
    return Offer(
        macs=(*_MACS, "hmac-sha1"),
        key_exchanges=(*_KEY_EXCHANGES, "diffie-hellman-group14-sha1"),
        host_keys=host_keys_of(pinned_type),
        # These servers send no list of signatures they take, and paramiko would then
        # sign with the first one it knows.
        refused_signatures=_RSA_SHA2,
        weak=True,
    )


def needs_sha1(offered: tuple[str, ...], pinned_type: str | None) -> bool:
    """Tell whether a server's best host key for us is signed with SHA-1."""
    wanted = set(host_keys_of(pinned_type)) & set(offered)
    return wanted == {_RSA_SHA1}


def host_keys_of(pinned_type: str | None) -> tuple[str, ...]:
    """Name the host key algorithms of a pinned key's type, or all that are known."""
    if pinned_type is None:
        return (*_HOST_KEYS, _RSA_SHA1)
    if pinned_type == _RSA_SHA1:  # the type of the key, whatever signs with it
        return (*_RSA_SHA2, _RSA_SHA1)
    return tuple(name for name in _HOST_KEYS if name == pinned_type)
