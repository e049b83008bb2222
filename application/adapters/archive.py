"""One file that holds several, and proves that it holds all of them as they were.

A plain tar. Its first member is a manifest with size and sha256 of every other one, so
that a file that was cut off or changed is known before anything of it is used.
"""

import contextlib
import hashlib
import io
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import IO

import msgspec

from application.adapters.durable import sync_directory

_FORMAT = 1
_MANIFEST = "manifest.json"
_MANIFEST_BYTES_MAX = 64 << 20
_CHUNK_BYTES = 1 << 20


class ArchiveError(Exception):
    """The archive cannot be written or read; the message says why and what to do."""


class Part(msgspec.Struct, frozen=True):
    """A member as it was when the archive was made."""

    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What is in an archive. `facts` is what its maker says of it."""

    format: int = 0
    facts: dict[str, str] = {}
    parts: dict[str, Part] = {}


def write_archive(
    target: Path, files: Mapping[str, Path], facts: Mapping[str, str]
) -> None:
    """Write the files under their names, readable by the owner alone.

    The archive appears whole or not at all. Raises ArchiveError where there is
    something already, or no room.
    """
    if target.exists():
        raise ArchiveError(f"{target} is there already: choose another name.")
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            _write(file, files, facts)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(target)
        sync_directory(target.parent)
    except OSError as error:
        raise ArchiveError(
            f"cannot write {target}: {error.strerror or error}."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()


def read_archive(archive: Path, directory: Path) -> Manifest:
    """Take the files out into a directory that exists.

    Raises ArchiveError unless every file is there and is what it was; then what was
    taken out so far must not be used.
    """
    try:
        with tarfile.open(archive, "r:") as tar:
            members = iter(tar)
            manifest = _read_manifest(archive, tar, next(members, None))
            missing = dict(manifest.parts)
            for member in members:
                part = missing.pop(member.name, None)
                stream = tar.extractfile(member) if member.isfile() else None
                if part is None or stream is None:
                    raise ArchiveError(f"{archive} holds {member.name!r}, unasked.")
                _take_out(stream, directory / _safe(member.name), part, archive)
    except (tarfile.TarError, EOFError) as error:
        raise _cut_off(archive) from error
    except OSError as error:
        raise ArchiveError(
            f"cannot read {archive}: {error.strerror or error}."
        ) from error
    if missing:
        raise _cut_off(archive)
    return manifest


def _write(
    file: IO[bytes], files: Mapping[str, Path], facts: Mapping[str, str]
) -> None:
    parts = {name: _part(path) for name, path in files.items()}
    manifest = Manifest(format=_FORMAT, facts=dict(facts), parts=parts)
    encoded = msgspec.json.encode(manifest)
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(_member(_MANIFEST, len(encoded)), io.BytesIO(encoded))
        for name, path in files.items():
            with path.open("rb") as content:
                tar.addfile(_member(name, parts[name].size), content)


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = size
    member.mode = 0o600
    return member


def _part(path: Path) -> Part:
    with path.open("rb") as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        return Part(content.tell(), sha256)


def _read_manifest(
    archive: Path, tar: tarfile.TarFile, member: tarfile.TarInfo | None
) -> Manifest:
    if not member or member.name != _MANIFEST or member.size > _MANIFEST_BYTES_MAX:
        raise ArchiveError(f"{archive} is no backup of Flashlog.")
    stream = tar.extractfile(member)
    try:
        content = stream.read() if stream else b""
        manifest = msgspec.json.decode(content, type=Manifest)
    except msgspec.MsgspecError:
        raise _cut_off(archive) from None
    if manifest.format != _FORMAT:
        raise ArchiveError(
            f"{archive} has format {manifest.format}, this Flashlog knows {_FORMAT}: "
            "use the version that wrote it or a later one."
        )
    return manifest


def _safe(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise ArchiveError(f"an archive must not write to {name!r}.")
    return path


def _take_out(stream: IO[bytes], path: Path, part: Part, archive: Path) -> None:
    digest, size = hashlib.sha256(), 0
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    if Part(size, digest.hexdigest()) != part:
        raise _cut_off(archive)


def _cut_off(archive: Path) -> ArchiveError:
    return ArchiveError(
        f"{archive} was cut off or changed: it is not what was written. Use another "
        "backup."
    )
