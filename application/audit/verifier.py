"""Verify an export of Flashlog's log, offline: one file, Python and `cryptography`.

    flashlog-verify EXPORT --checkpoint kept.checkpoint --key "$(cat flashlog.vkey)"

Installed with Flashlog, or copied: `python verifier.py EXPORT …` needs nothing else of
it, and shares no line with what has signed. docs/audit.md describes the formats.

It exits 0 where every event of the export is what was signed, 1 where one is not (with
the position, or the range in which it is), 2 where the question cannot be understood.
"""

import argparse
import base64
import hashlib
import heapq
import json
import struct
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "flashlog-export"
VERSION = 1

_PLACE = struct.Struct(">BQ16sQqII")
_ENCODING = 1
_ED25519 = 1
_KEY_BYTES = 32
_LINES = 3
_LINE_BYTES_MAX = 64 << 20


class UnusableError(Exception):
    """What was given cannot be used; the message says what and why."""


class Key(NamedTuple):
    """A public key: `text` is its vkey."""

    name: str
    id: bytes
    public: bytes
    text: str


class Claim(NamedTuple):
    """What a checkpoint says; `trouble` where no key of ours has signed it."""

    size: int
    root: bytes
    is_held: bool
    trouble: str


class Finding(NamedTuple):
    """What is wrong from one position to another, both included."""

    first: int
    last: int
    text: str


class Result(NamedTuple):
    """What was looked at. `signed` events are covered by a checkpoint that fits."""

    events: int
    signed: int
    held: int
    keys: list[str]
    findings: list[Finding]

    @property
    def is_good(self) -> bool:
        return not self.findings and self.signed == self.events > 0


# --- keys and checkpoints (C2SP signed-note, tlog-checkpoint) -------------------------


def read_key(text: str) -> Key:
    """Read a vkey. Raises UnusableError."""
    try:
        name, key_id, encoded = text.strip().split("+", 2)
        content = base64.b64decode(encoded, validate=True)
    except ValueError:
        name, key_id, content = "", "", b""
    hashed = hashlib.sha256(name.encode() + b"\n" + content).digest()[:4]
    is_ed25519 = content[:1] == bytes([_ED25519]) and len(content) == _KEY_BYTES + 1
    if not is_ed25519 or hashed.hex() != key_id:
        msg = f"{text.strip()!r} is no public key (flashlog audit key prints one)"
        raise UnusableError(msg)
    return Key(name, hashed, content[1:], text.strip())


def read_checkpoint(note: str, keys: Sequence[Key], *, is_held: bool) -> Claim:
    """Read a signed checkpoint. Raises UnusableError for what is none."""
    text, blank, signatures = note.rpartition("\n\n")
    lines = text.split("\n")
    try:
        origin, size, root = lines[0], int(lines[1]), _decoded(lines[2])
        is_one = bool(blank) and all(lines) and str(size) == lines[1] and size >= 0
    except (ValueError, IndexError):
        is_one = False
    if not is_one or len(lines) < _LINES or len(root) != _KEY_BYTES:
        msg = "this is no signed checkpoint"
        raise UnusableError(msg)
    trouble = _trouble(f"{text}\n".encode(), origin, signatures, keys)
    return Claim(size, root, is_held, trouble)


def _trouble(text: bytes, origin: str, signatures: str, keys: Sequence[Key]) -> str:
    """Say why this is not signed by one of the keys; blank where it is."""
    trouble = f"no signature of {origin} by {' or '.join(key.text for key in keys)}"
    has_signed = False
    for line in signatures.splitlines():
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        content = _decoded(encoded) if dash == "\u2014" else b""
        for key in keys:
            if (name, content[:4]) != (key.name, key.id) or key.name != origin:
                continue
            try:
                public = Ed25519PublicKey.from_public_bytes(key.public)
                public.verify(content[4:], text)
                has_signed = True
            except InvalidSignature:
                return f"the signature of {name} is false"
    return "" if has_signed else trouble


def _decoded(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError:
        return b""


# --- the tree (RFC 6962) --------------------------------------------------------------


class Tree:
    """Grows by one leaf at a time and keeps the roots of its full parts alone."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        here, index = hashlib.sha256(b"\0" + leaf).digest(), self.size
        while index & 1:
            here = hashlib.sha256(b"\1" + self._peaks.pop() + here).digest()
            index >>= 1
        self._peaks.append(here)
        self.size += 1

    def root(self) -> bytes:
        if not self._peaks:
            return hashlib.sha256().digest()
        *others, root = self._peaks
        for peak in reversed(others):
            root = hashlib.sha256(b"\1" + peak + root).digest()
        return root


def leaf_of(event: dict[str, Any]) -> bytes:
    """Return an event's leaf: its place and its stored bytes. Raises ValueError."""
    try:
        topic: bytes = event["topic"].encode()
        state = base64.b64decode(event["state"], validate=True)
        place = _PLACE.pack(
            *(_ENCODING, event["position"], UUID(event["originator_id"]).bytes),
            *(event["originator_version"], event["recorded_at"]),
            *(len(topic), len(state)),
        )
    except (KeyError, TypeError, AttributeError, struct.error) as error:
        raise ValueError(event) from error
    return place + topic + state


# --- the export -----------------------------------------------------------------------


class Export:
    """A directory that `flashlog audit export` has written."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        try:
            manifest = json.loads((directory / "manifest.json").read_bytes())
            self.files = [str(each["name"]) for each in manifest["files"]]
            self.vkeys = [str(each) for each in manifest["keys"]]
            self.events = int(manifest["events"])
            form = (manifest["format"], manifest["version"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            msg = f"{directory} is no export, or an unfinished one: {error!r}"
            raise UnusableError(msg) from error
        if form != (FORMAT, VERSION):
            msg = f"{directory} has the form {form}, this reads {(FORMAT, VERSION)}"
            raise UnusableError(msg)
        if any(Path(name).name != name for name in self.files):
            msg = f"{directory} names files that are elsewhere"
            raise UnusableError(msg)

    def events_in_order(self) -> Iterator[dict[str, Any]]:
        """Read every event; blank for a line that is none. Raises UnusableError."""
        for name in self.files:
            for line in self._lines(name):
                try:
                    event = json.loads(line)
                except ValueError:
                    event = None
                yield event if isinstance(event, dict) else {}

    def claims(self, keys: Sequence[Key]) -> Iterator[Claim]:
        """Read every checkpoint, smallest first. Raises UnusableError."""
        for line in self._lines("checkpoints.jsonl"):
            try:
                note = json.loads(line)["note"]
                yield read_checkpoint(note, keys, is_held=False)
            except (ValueError, KeyError, TypeError, AttributeError):
                msg = f"{self._directory}/checkpoints.jsonl: not a checkpoint: {line!r}"
                raise UnusableError(msg) from None

    def checkpoint(self) -> str:
        """Read the newest one, a file of its own. Raises UnusableError."""
        try:
            return (self._directory / "checkpoint").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            msg = f"{self._directory / 'checkpoint'}: {error}"
            raise UnusableError(msg) from error

    def _lines(self, name: str) -> Iterator[bytes]:
        try:
            with (self._directory / name).open("rb") as file:
                # A line that is longer is none of ours, and is found by its pieces.
                yield from iter(lambda: file.readline(_LINE_BYTES_MAX), b"")
        except OSError as error:
            msg = f"{self._directory / name}: {error.strerror}"
            raise UnusableError(msg) from error


class _Walk:
    """Reads events up to each size that was signed, and compares the roots."""

    def __init__(self, export: Export) -> None:
        self.tree = Tree()
        self.findings: list[Finding] = []
        self.good = self.held_good = self.held = 0
        self._events = export.events_in_order()
        self._bad: list[Claim] = []
        self._last_signed_well = 0

    def take(self, claims: Iterator[Claim]) -> None:
        for claim in claims:
            if claim.trouble:
                self._tell_signature(claim)
            elif not self._is_reached(claim):
                break
            elif self.tree.root() == claim.root:
                self._tell_forks()
                self.good = self._last_signed_well = claim.size
                if claim.is_held:
                    self.held_good, self.held = claim.size, self.held + 1
            elif claim.is_held or all(bad.is_held for bad in self._bad):
                self._bad.append(claim)
        if self._bad:
            text = "an event here is not what was signed"
            bad = Finding(self.good + 1, self._bad[0].size, text)
            # It comes before what was found at the end of the export.
            self.findings.insert(0, bad)

    def read_on(self) -> bool:
        """Take in the next event; False where there is none that fits."""
        event = next(self._events, None)
        if event is None:
            return False
        position = self.tree.size + 1
        try:
            leaf = leaf_of(event)
        except ValueError:
            self.findings.append(Finding(position, position, "this is no event"))
            return False
        if event["position"] != position:
            text = f"instead of this event there is one of position {event['position']}"
            self.findings.append(Finding(position, position, text))
            return False
        self.tree.add(leaf)
        return True

    def _is_reached(self, claim: Claim) -> bool:
        while self.tree.size < claim.size:
            if not self.read_on():
                if not self.findings or self.findings[-1].first != self.tree.size + 1:
                    text = "signed, and not in the export"
                    missing = Finding(self.tree.size + 1, claim.size, text)
                    self.findings.append(missing)
                return False
        return True

    def _tell_signature(self, claim: Claim) -> None:
        whose = "you hold" if claim.is_held else "is in the export"
        first = (self.held_good if claim.is_held else self._last_signed_well) + 1
        if not claim.is_held:
            self._last_signed_well = claim.size
        text = f"the checkpoint that {whose}: {claim.trouble}"
        self.findings.append(Finding(first, claim.size, text))

    def _tell_forks(self) -> None:
        for bad in self._bad:
            whose = "you hold" if bad.is_held else "is in the export"
            good = self.held_good if bad.is_held else self.good
            text = f"the checkpoint that {whose} was signed of another log than this"
            self.findings.append(Finding(good + 1, bad.size, text))
        self._bad.clear()


def verify(
    directory: Path, *, held: Sequence[str] = (), vkeys: Sequence[str] = ()
) -> Result:
    """Verify an export, in constant memory. Raises UnusableError.

    `held` are checkpoints that were kept elsewhere. Without `vkeys` the keys are
    believed that the export names itself.
    """
    export = Export(directory)
    keys = [read_key(vkey) for vkey in vkeys or export.vkeys]
    own = sorted(read_checkpoint(note, keys, is_held=True) for note in held)
    walk = _Walk(export)
    claims = heapq.merge(own, export.claims(keys), key=lambda claim: claim.size)
    walk.take(claims)
    while not walk.findings and walk.read_on():
        pass
    events = walk.tree.size
    if not walk.findings and events > walk.good:
        text = "no checkpoint covers these"
        walk.findings.append(Finding(walk.good + 1, events, text))
    if not walk.findings:
        walk.findings += _amiss(export, keys, walk)
    named = [key.text for key in keys]
    return Result(events, walk.good, walk.held, named, walk.findings)


def _amiss(export: Export, keys: Sequence[Key], walk: _Walk) -> Iterator[Finding]:
    """Tell what other files say otherwise than the events and what was signed of them.

    An export that was cut off at a checkpoint fits all that is left of it.
    """
    events = walk.tree.size
    if export.events != events:
        first, last = sorted((events, export.events))
        text = f"the manifest names {export.events} events, there are {events}"
        yield Finding(first + 1, last, text)
    newest = read_checkpoint(export.checkpoint(), keys, is_held=False)
    if newest.trouble or (newest.size, newest.root) != (events, walk.tree.root()):
        yield Finding(1, events, "the file `checkpoint` is not that of these events")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="flashlog-verify",
        description="Verify an export of Flashlog's log, offline.",
    )
    parser.add_argument("export", type=Path, help="directory of the export")
    parser.add_argument(
        "--checkpoint",
        action="append",
        default=[],
        type=Path,
        help="a checkpoint that was kept elsewhere; may be repeated",
    )
    parser.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="VKEY",
        help="a public key that was kept elsewhere; may be repeated",
    )
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    given = parser.parse_args(arguments)
    try:
        held = [path.read_text(encoding="utf-8") for path in given.checkpoint]
        result = verify(given.export, held=held, vkeys=given.key)
    except (UnusableError, OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"flashlog-verify: {error}\n")
        return 2
    if given.json:
        facts = result._asdict() | {"is_good": result.is_good}
        facts["findings"] = [finding._asdict() for finding in result.findings]
        sys.stdout.write(f"{json.dumps(facts)}\n")
    else:
        sys.stdout.write(_told(result, has_key=bool(given.key)))
    return 0 if result.is_good else 1


def _told(result: Result, *, has_key: bool) -> str:
    lines = [
        f"WRONG from position {each.first} to {each.last}: {each.text}"
        for each in result.findings
    ]
    lines.append(
        f"{result.signed} events are as they were signed; {result.held} checkpoints "
        "that you hold fit"
    )
    if not has_key:
        lines.append("the key is the export's own: compare it with one that you kept")
    lines += [f"  {key}" for key in result.keys]
    lines.append("verified" if result.is_good else "NOT verified")
    return "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
