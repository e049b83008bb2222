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
from application.recordings.lines import AnyLine, decode, encode
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
    pattern = _pattern(words)
    replaced: dict[str, str] = {}
    count = 0
    for file in flashlog.recordings:
        content = _blanked(file, pattern)
        if content is None:
            continue
        replaced[file.sha256] = flashlog.recordings.put(content)
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


def _pattern(words: Collection[str]) -> re.Pattern[str]:
    """Match whole words only: somebody may be called like a part of everything."""
    longest = sorted(words, key=len, reverse=True)
    some = "|".join(map(re.escape, longest))
    return re.compile(rf"(?<!\w)(?:{some})(?!\w)", re.IGNORECASE)


def _blanked(file: KeptFile, pattern: re.Pattern[str]) -> bytes | None:
    """Return a file without what matches; None where nothing does."""
    if not file.is_whole:
        return None
    try:
        lines = list(decode(zlib.decompress(file.path.read_bytes()).splitlines()))
    except FileNotFoundError:
        return None
    told = list(_told(lines, pattern))
    if told == [encode(line) for line in lines]:
        return None
    return zlib.compress(b"".join(told), level=6)


def _told(lines: list[AnyLine], pattern: re.Pattern[str]) -> Iterator[bytes]:
    for line in lines:
        said = _without(msgspec.to_builtins(line), pattern)
        yield encode(msgspec.convert(said, type(line)))


def _without(value: Any, pattern: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return pattern.sub(BLANK, value)
    if isinstance(value, dict):
        return {
            key: each if key in _OURS else _without(each, pattern)
            for key, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [_without(each, pattern) for each in value]
    return value
