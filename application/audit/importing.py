"""Makes a log again from an export: the same rows, the same tree, the same checkpoints.

Killed at any moment, the same import goes on where it was. What is not verified is not
taken over.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import msgspec

from application.adapters.audit_store import AuditStore, KeptCheckpoint
from application.adapters.kept import Kept
from application.adapters.log.rows import StoredRows
from application.adapters.storage import Storage
from application.audit import verifier
from application.audit.export import (
    CHECKPOINTS,
    MANIFEST,
    ExportedEvent,
    ExportError,
    Manifest,
)
from application.audit.origins import Origins
from application.audit.tiling import made_again
from domain.transparency.leaf import StoredRow

_AT_ONCE = 5000


class Imported(msgspec.Struct, frozen=True):
    """What the log has now, and how much of it was there before."""

    events: int
    already: int
    checkpoints: int
    keys: list[str]


def import_export(
    storage: Storage,
    directory: Path,
    *,
    vkeys: Sequence[str] = (),
    held: Sequence[str] = (),
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Imported:
    """Take an export over into a storage that has no log, or its beginning.

    Raises ExportError where the export is not what was signed, or where the log is
    another one; nothing of it is changed then.
    """
    _verify(directory, held, vkeys)
    manifest = msgspec.json.decode((directory / MANIFEST).read_bytes(), type=Manifest)
    storage.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    inheritance = storage.inheritance()
    rows, store = storage.rows(), storage.tree()
    events = _events(directory, manifest)
    already = _compare(rows, events)
    done = already
    while more := list(islice(events, _AT_ONCE)):
        inheritance.append(more)
        done += len(more)
        progress(done, manifest.events)
    checkpoints = _take_checkpoints(store, directory, rows)
    _note_origins(storage.secrets, manifest, vkeys)
    return Imported(manifest.events, already, checkpoints, manifest.keys)


def _verify(directory: Path, held: Sequence[str], vkeys: Sequence[str]) -> None:
    try:
        result = verifier.verify(directory, held=held, vkeys=vkeys)
    except verifier.UnusableError as error:
        raise ExportError(str(error)) from None
    if not result.is_good:
        wrong = "; ".join(
            f"position {each.first} to {each.last}: {each.text}"
            for each in result.findings[:3]
        )
        msg = f"{directory} is not what was signed, so nothing is imported: {wrong}"
        raise ExportError(msg)


def _events(directory: Path, manifest: Manifest) -> Iterator[StoredRow]:
    decoder = msgspec.json.Decoder(ExportedEvent)
    for each in manifest.files:
        with (directory / each.name).open("rb") as file:
            for line in file:
                yield decoder.decode(line).row


def _compare(rows: StoredRows, events: Iterator[StoredRow]) -> int:
    """Read on to where the log ends. Raises ExportError where it is another one."""
    end = rows.end()
    for found in rows.all(until=end):
        if next(events, None) != found:
            msg = (
                f"there is a log already, and at position {found.position} it is not "
                "what the export has: import into an empty data directory "
                "(FLASHLOG_DATA_DIR)"
            )
            raise ExportError(msg)
    return end


def _note_origins(secrets: Kept, manifest: Manifest, vkeys: Sequence[str]) -> None:
    """Note whose signatures were believed, and what has come without recordings."""
    origins = Origins.of(secrets).with_keys(*(vkeys or manifest.keys))
    imported = max(origins.imported, manifest.events)
    msgspec.structs.replace(origins, imported=imported).keep(secrets)


def _take_checkpoints(store: AuditStore, directory: Path, rows: StoredRows) -> int:
    """Keep the checkpoints that are not kept yet, and the tiles of the tree.

    Where nobody comes to the tiles, whoever signs next makes them.
    """
    kept = {each.size for each in store.checkpoints()}
    decoder = msgspec.json.Decoder(KeptCheckpoint)
    with (directory / CHECKPOINTS).open("rb") as file:
        lines = [decoder.decode(line) for line in file]
    new = [each for each in lines if each.size not in kept]
    if new:
        store.grow({}, new)
        made_again(rows, store, max(each.size for each in lines))
    return len(lines)
