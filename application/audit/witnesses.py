"""Witnesses: others who remember checkpoints, so that no history can be made anew.

What is sent is the `add-checkpoint` of C2SP tlog-witness.
"""

import binascii
import re
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

import msgspec

from application.adapters.audit_store import AuditStore, KeptCheckpoint
from application.settings import SettingsError
from domain.transparency.note import (
    COSIGNATURE,
    Note,
    NoteError,
    VerifierKey,
    signatures_of,
)
from domain.transparency.tree import Tree

_TAKEN, _CONFLICT = 200, 409
_ANSWER_BYTES_MAX = 65_536
_SIZE = re.compile(rb"\d{1,18}\n?")
_SETTING = "FLASHLOG_WITNESSES"


class UnwitnessedError(Exception):
    """A witness did not take a checkpoint; the message says why."""


class Witness(msgspec.Struct, frozen=True):
    """Where checkpoints are sent, and the key that answers are checked with, if any."""

    url: str
    key: VerifierKey | None = None


class _Answer(NamedTuple):
    status: int
    body: bytes


def witnesses_of(text: str) -> tuple[Witness, ...]:
    """Read the setting. Raises SettingsError."""
    return tuple(_witness(each) for each in map(str.strip, text.split(",")) if each)


def _witness(text: str) -> Witness:
    *vkeys, url = text.split()
    try:
        keys = [VerifierKey.read(vkey) for vkey in vkeys]
        address = urlsplit(url)
        is_url = address.scheme in {"http", "https"} and bool(address.hostname)
        is_url = is_url and (address.port is None or address.port > 0)
    except NoteError as error:
        msg = f"{_SETTING}: {error}"
        raise SettingsError(msg) from None
    except ValueError:
        is_url = False
    if not is_url or len(keys) > 1:
        msg = f"{_SETTING}: {text!r} is no URL of a witness, nor a key and a URL"
        raise SettingsError(msg)
    if keys and keys[0].kind != COSIGNATURE:
        msg = f"{_SETTING}: {keys[0].text} is no key for cosignatures (kind 4)"
        raise SettingsError(msg)
    return Witness(url.rstrip("/"), keys[0] if keys else None)


class Messenger:
    """Brings checkpoints to one witness."""

    def __init__(
        self, store: AuditStore, witness: Witness, *, limit_seconds: float
    ) -> None:
        self.witness = witness
        self._store = store
        self._limit_seconds = limit_seconds

    def has_news(self) -> bool:
        newest = self._store.newest()
        # Also where it is said to know more than there is: it is asked itself then.
        return newest is not None and newest.size != self._known()

    def bring(self) -> int:
        """Bring the newest checkpoint; returns its size. Raises UnwitnessedError."""
        newest = self._store.newest()
        if newest is None:
            return 0
        answer = self._add(newest, min(self._known(), newest.size))
        if answer.status == _CONFLICT and _SIZE.fullmatch(answer.body):
            answer = self._add(newest, self._told(int(answer.body), newest))
        if answer.status != _TAKEN:
            said = answer.body[:200].decode(errors="replace").strip()
            msg = f"{self.witness.url} answered {answer.status}: {said}"
            raise UnwitnessedError(msg)
        self._publish(newest, answer.body)
        self._store.note_known(self.witness.url, newest.size)
        return newest.size

    def _known(self) -> int:
        return self._store.known_to(self.witness.url)

    def _told(self, size: int, newest: KeptCheckpoint) -> int:
        """Judge what a witness says it knows."""
        if size > newest.size:
            msg = (
                f"{self.witness.url} knows of {size} events, the log has "
                f"{newest.size}: is it restored from a backup, or was it changed? "
                "`flashlog audit verify` tells more"
            )
            raise UnwitnessedError(msg)
        return size

    def _add(self, newest: KeptCheckpoint, old_size: int) -> _Answer:
        tree = Tree(self._store.tile, newest.size)
        proof = tree.consistency(old_size, newest.size)
        body = request_of(old_size, proof, newest.note)
        address = urlsplit(self.witness.url)
        connection = self._connection(address)
        try:
            connection.request(
                "POST",
                f"{address.path}/add-checkpoint",
                body,
                {"Content-Type": "text/plain; charset=utf-8", "User-Agent": "Flashlog"},
            )
            response = connection.getresponse()
            return _Answer(response.status, response.read(_ANSWER_BYTES_MAX))
        except (OSError, HTTPException) as error:
            msg = f"{self.witness.url}: {str(error) or repr(error)}"
            raise UnwitnessedError(msg) from None
        finally:
            connection.close()

    def _connection(self, address: SplitResult) -> HTTPConnection:
        kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
        return kind(str(address.hostname), address.port, timeout=self._limit_seconds)

    def _publish(self, kept: KeptCheckpoint, lines: bytes) -> None:
        """Put the witness's own signatures below the checkpoint, if they hold."""
        key = self.witness.key
        if key is None:
            return
        current = self._store.checkpoint(kept.size) or kept
        note = Note.read(current.note)
        try:
            told = list(signatures_of(lines.decode()))
            own = [each for each in told if key.is_of(each)]
            for each in own:
                key.verify(note.text, each)
        except (NoteError, UnicodeDecodeError) as error:
            msg = f"{self.witness.url} answered what it did not sign: {error}"
            raise UnwitnessedError(msg) from None
        if not own:
            msg = f"{self.witness.url} answered no signature by {key.text}"
            raise UnwitnessedError(msg)
        others = [each for each in note.signatures if not key.is_of(each)]
        self._store.cosign(kept.size, Note(note.text, (*others, *own)).whole)


def request_of(old_size: int, proof: list[bytes], note: str) -> bytes:
    """Return the body of `add-checkpoint`."""
    hashes = "".join(binascii.b2a_base64(each).decode() for each in proof)
    return f"old {old_size}\n{hashes}\n{note}".encode()
