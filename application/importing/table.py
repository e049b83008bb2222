"""Routers in a table: CSV with a line of names first."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from uuid import UUID

import msgspec

from application.commands.devices import NewCredentials
from application.commands.registration import JumpLogin
from application.importing.log_ins import LogInError, jumps_of, log_in_of
from application.importing.sighting import Sighting, SourceError, text_of

# Other names that people give a column.
_ALIASES = {
    "mac": "mac_address",
    "address": "addresses",
    "ip": "addresses",
    "management_ip": "addresses",
    "hostname": "name",
    "user": "username",
    "key": "key_file",
    "jump": "jumps",
}
_COLUMNS = frozenset(
    {
        "name",
        "mac_address",
        "addresses",
        "model",
        "os",
        "system",
        "notes",
        "organization",
        "group",
        "location",
        "uuid",
        "username",
        "port",
        "password",
        "key_file",
        "jumps",
    }
)
_REQUIRED = ("name", "mac_address", "addresses")


def read_table(path: Path, *, default: NewCredentials | None) -> Iterator[Sighting]:
    """Tell of each line. Raises SourceError."""
    text = text_of(path)
    first = text.partition("\n")[0]
    reader = csv.DictReader(
        # Fields in quotation marks may have ends of lines in them.
        io.StringIO(text, newline=""),
        delimiter=max(",;\t", key=first.count),
        restkey="beyond",
        strict=True,
    )
    try:
        yield from _lines(reader, path.parent, default)
    except csv.Error as error:
        line = reader.reader.line_num
        msg = f"line {line} is no line of a table: {error}"
        raise SourceError(msg) from None


def _lines(
    reader: "csv.DictReader[str]", directory: Path, default: NewCredentials | None
) -> Iterator[Sighting]:
    header = reader.fieldnames or ()
    names = {name: _column(name) for name in header}
    _check_columns(list(map(_column, header)))
    for line in reader:
        told = {
            names[name]: (value or "").strip()
            for name, value in line.items()
            if name in names
        }
        if any(told.values()):
            found = _sighting(told, reader.line_num, directory, default)
            yield _complaining(found) if "beyond" in line else found


def _column(name: str) -> str:
    plain = name.strip().lower().replace(" ", "_").replace("-", "_")
    return _ALIASES.get(plain, plain)


def _check_columns(names: Sequence[str]) -> None:
    missing = [name for name in _REQUIRED if name not in names]
    if missing:
        msg = f"the first line must name the columns; missing are {', '.join(missing)}"
        raise SourceError(msg)
    unknown = sorted(set(names) - _COLUMNS)
    if unknown:
        msg = (
            f"these columns are not known: {', '.join(map(_shown, unknown))}; "
            f"known are {', '.join(sorted(_COLUMNS))}"
        )
        raise SourceError(msg)
    if doubled := sorted(name for name in _COLUMNS if names.count(name) > 1):
        msg = f"there are several columns for {', '.join(doubled)}: leave one of each"
        raise SourceError(msg)


def _shown(column: str) -> str:
    return column or "one without a name"


def _sighting(
    told: Mapping[str, str],
    line: int,
    directory: Path,
    default: NewCredentials | None,
) -> Sighting:
    problems: list[str] = []
    log_in: NewCredentials | None = None
    jumps: tuple[JumpLogin, ...] | None = None
    uuid: UUID | None = None
    try:
        log_in = log_in_of(
            user=told.get("username", ""),
            port=told.get("port", ""),
            password=told.get("password", ""),
            key_file=told.get("key_file", ""),
            directory=directory,
            default=default,
        )
        like = log_in or default
        words = told.get("jumps", "").replace(",", " ").split()
        jumps = jumps_of(words, like)
    except LogInError as error:
        problems.append(str(error))
    try:
        uuid = UUID(told["uuid"]) if told.get("uuid") else None
    except ValueError:
        problems.append(f"{told['uuid']!r} is no UUID")
    return Sighting(
        where=f"line {line}",
        name=told["name"],
        mac_address=told["mac_address"],
        addresses=tuple(told["addresses"].replace(",", " ").replace(";", " ").split()),
        agent_uuid=uuid,
        log_in=log_in,
        jumps=jumps,
        problems=tuple(problems),
        model=told.get("model", ""),
        os=told.get("os", ""),
        system=told.get("system", ""),
        notes=told.get("notes", ""),
        organization=told.get("organization", ""),
        group=told.get("group", ""),
        location=told.get("location", ""),
    )


def _complaining(found: Sighting) -> Sighting:
    problems = (*found.problems, "there are more fields than columns")
    return msgspec.structs.replace(found, problems=problems)
