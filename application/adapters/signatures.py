"""Who signed a file: signify/usign keys in a file, and GnuPG with the user's keyring.

Facts: usign's format (a comment line, then base64 of `Ed`, eight bytes that name the
key, and an Ed25519 key or signature), and the status lines of GnuPG's doc/DETAILS.
"""

import base64
import binascii
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from application.errors import InvalidError

_ALGORITHM = b"Ed"
_NAME_END = 10
_KEY_BYTES = 42
_SIGNATURE_BYTES = 74
_SECONDS_MAX = 60

State = Literal["verified", "not verified", "bad"]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What came of looking at signatures, and why."""

    state: State
    reason: str


def judge(path: Path, *, key_files: Sequence[Path]) -> Verdict:
    """Judge `path` by `path.sig` and the keys given, then by `path.asc` and GnuPG.

    One bad signature counts, whatever the other one says. Raises InvalidError on `key`
    for a file that holds no public key.
    """
    for key_file in key_files:
        if _decoded(key_file, _KEY_BYTES) is None:
            raise InvalidError.of(
                "key",
                f"{key_file} holds no public key of usign: a line of comment, and "
                "the key that begins with RW in the next one.",
            )
    verdicts = [
        _usign(path, path.with_name(f"{path.name}.sig"), key_files),
        _gpg(path, path.with_name(f"{path.name}.asc")),
    ]
    for state in ("bad", "verified"):
        for verdict in verdicts:
            if verdict.state == state:
                return verdict
    reasons = "; ".join(verdict.reason for verdict in verdicts)
    return Verdict(state="not verified", reason=reasons)


def _usign(path: Path, signature_path: Path, key_files: Sequence[Path]) -> Verdict:
    if not signature_path.is_file():
        return _unknown(f"there is no {signature_path.name}")
    signature = _decoded(signature_path, _SIGNATURE_BYTES)
    if signature is None:
        return _bad(f"{signature_path.name} is no signature of usign")
    name = signature[len(_ALGORITHM) : _NAME_END]
    for key_file in key_files:
        key = _decoded(key_file, _KEY_BYTES)
        if key is None or key[len(_ALGORITHM) : _NAME_END] != name:
            continue
        public = Ed25519PublicKey.from_public_bytes(key[_NAME_END:])
        try:
            public.verify(signature[_NAME_END:], path.read_bytes())
        except InvalidSignature:
            return _bad(f"{signature_path.name} does not fit {path.name}")
        return _good(f"signed with the usign key {name.hex()} ({key_file.name})")
    return _unknown(
        f"{signature_path.name} is made with the usign key {name.hex()}, which is none "
        "of those given"
    )


def _gpg(path: Path, signature_path: Path) -> Verdict:
    if not signature_path.is_file():
        return _unknown(f"there is no {signature_path.name}")
    program = shutil.which("gpg")
    if program is None:
        return _unknown("GnuPG is not installed")
    command = [program, "--batch", "--status-fd", "1", "--verify"]
    try:
        done = subprocess.run(
            [*command, "--", str(signature_path.absolute()), str(path.absolute())],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS_MAX,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return _unknown(f"GnuPG did not answer: {error}")
    return _told(done.stdout.decode(errors="replace"), signature_path.name)


def _told(status: str, name: str) -> Verdict:
    lines = [line.split()[1:] for line in status.splitlines() if "[GNUPG:]" in line]
    said = {words[0]: words[1:] for words in lines if words}
    if "BADSIG" in said:
        return _bad(f"{name} does not fit: bad signature of {' '.join(said['BADSIG'])}")
    for word in ("REVKEYSIG", "EXPKEYSIG", "EXPSIG"):
        if word in said:
            return _unknown(f"{name} is by a key that is expired or revoked")
    if "GOODSIG" in said and "VALIDSIG" in said:
        return _good(f"{name} is signed by {' '.join(said['GOODSIG'][1:])}")
    if "NO_PUBKEY" in said:
        return _unknown(f"{name}: GnuPG has no key {' '.join(said['NO_PUBKEY'])}")
    return _unknown(f"{name}: GnuPG cannot tell")


def _decoded(path: Path, length: int) -> bytes | None:
    try:
        line = path.read_text().splitlines()[1]
        data = base64.b64decode(line, validate=True)
    except (OSError, UnicodeError, IndexError, binascii.Error):
        return None
    is_fit = len(data) == length and data.startswith(_ALGORITHM)
    return data if is_fit else None


def _good(reason: str) -> Verdict:
    return Verdict(state="verified", reason=reason)


def _bad(reason: str) -> Verdict:
    return Verdict(state="bad", reason=reason)


def _unknown(reason: str) -> Verdict:
    return Verdict(state="not verified", reason=reason)
