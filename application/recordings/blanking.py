"""Blanks words in recordings: what a person was called, when that person is erased."""

import re
import zlib
from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

import msgspec

from application.adapters.recording_store import KeptFile
from application.flashlog import Flashlog
from application.persons import Person
from application.recordings.lines import AnyLine, RecordingError, decode, encode
from domain.recordings import RECORDINGS_ID, Recordings

BLANK = "[erased]"
_NAMED_AT_ONCE = 200
# What is ours and not a text: blanked it could not be read any more.
_OURS = frozenset(
    {
        "at",
        "credentials_id",
        "error",
        "host_key",
        "installation",
        "jump_host_keys",
        "kind",
        "operation",
        "script",
        "sha256",
    }
)


def words_of(person: Person) -> Collection[str]:
    """Return what tells a person from others in a text."""
    whole = f"{person.first_name} {person.last_name}".strip()
    known = (
        person.username,
        person.email,
        person.phone_number,
        person.url,
        person.last_name,
        whole,
    )
    return {word for word in known if word}


def blank_words(
    flashlog: Flashlog, words: Collection[str], *, by: UUID | None = None
) -> int:
    """Take words out of every recording that has them; returns how many had.

    The log says which file took the place of which, so that a verification finds no
    fault. Raises OSError and StorageError; then some may have been changed already,
    and it can be asked for again.
    """
    if not words:
        return 0
    search = _Search(words)
    replaced: dict[str, str] = {}
    count = 0
    for file in flashlog.recordings:
        content = _blanked(file, search)
        if content is None:
            continue
        replaced[file.sha256] = flashlog.recordings.put(content) if content else ""
        count += 1
        if len(replaced) >= _NAMED_AT_ONCE:
            _replace(flashlog, replaced, by)
            replaced = {}
    if replaced:
        _replace(flashlog, replaced, by)
    return count


def _replace(flashlog: Flashlog, replaced: dict[str, str], by: UUID | None) -> None:
    def name() -> int:
        recordings = flashlog.log.get_or_new(Recordings, RECORDINGS_ID)
        recordings.blank(replaced, by=by)
        return flashlog.log.append(recordings)

    flashlog.log.decide(name)
    for sha256 in replaced:
        flashlog.recordings.delete(sha256)


class _Search:
    """Finds whole words only: somebody may be called like a part of everything."""

    def __init__(self, words: Collection[str]) -> None:
        longest = sorted(words, key=len, reverse=True)
        # Also as JSON writes them: a whole file is looked at before its lines are.
        written = [msgspec.json.encode(word).decode()[1:-1] for word in longest]
        texts = tuple(dict.fromkeys([*longest, *written]))
        some = "|".join(map(re.escape, texts))
        self._parts = {text.casefold() for text in texts}
        self._pattern = re.compile(rf"(?<!\w)(?:{some})(?!\w)", re.IGNORECASE)

    def is_in(self, text: str) -> bool:
        """Look for parts first, which is twenty times as fast, and in vain mostly."""
        folded = text.casefold()
        return any(part in folded for part in self._parts) and bool(
            self._pattern.search(text)
        )

    def blank(self, text: str) -> str:
        return self._pattern.sub(BLANK, text)


def _blanked(file: KeptFile, search: _Search) -> bytes | None:
    """Return a file without what matches; None where nothing does.

    Of one that was damaged, and that matches, nothing can be kept.
    """
    if not file.is_whole:
        return None
    try:
        content = zlib.decompress(file.path.read_bytes())
    except (FileNotFoundError, zlib.error):
        return None
    if not search.is_in(content.decode(errors="replace")):
        return None
    try:
        lines = list(decode(content.splitlines()))
    except RecordingError:
        return b""
    told = list(_told(lines, search))
    if told == [encode(line) for line in lines]:
        return None
    return zlib.compress(b"".join(told), level=6)


def _told(lines: list[AnyLine], search: _Search) -> Iterator[bytes]:
    for line in lines:
        said = _without(msgspec.to_builtins(line), search)
        yield encode(msgspec.convert(said, type(line)))


def _without(value: Any, search: _Search) -> Any:
    if isinstance(value, str):
        return search.blank(value)
    if isinstance(value, dict):
        return {
            key: each if key in _OURS else _without(each, search)
            for key, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [_without(each, search) for each in value]
    return value
