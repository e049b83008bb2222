"""Values as SQLite gives and takes them: numbers are numbers, yes is 1, no is 0."""

from typing import Any

import psycopg
from psycopg.adapt import AdaptersMap, Loader
from psycopg.pq import Format
from psycopg.types.numeric import Int8BinaryDumper, NumericBinaryLoader
from psycopg.types.string import StrBinaryDumper


class _TextDumper(StrBinaryDumper):
    """PostgreSQL keeps every character but NUL, which routers may well say."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\0", "\ufffd") if "\0" in obj else obj)


class _BoolLoader(Loader):
    format = Format.BINARY

    def load(self, data: Any) -> int:
        return int(bytes(data) != b"\0")


class _NumberLoader(Loader):
    """Sums of whole numbers are whole numbers."""

    format = Format.BINARY

    def __init__(self, oid: int, context: Any = None) -> None:
        super().__init__(oid, context)
        self._exact = NumericBinaryLoader(oid, context)

    def load(self, data: Any) -> int | float:
        exact = self._exact.load(data)
        return int(exact) if exact == exact.to_integral_value() else float(exact)


def adapters() -> AdaptersMap:
    """Return how values are written and read; every connection is given them."""
    made = AdaptersMap(psycopg.adapters)
    # One type for one kind of value: a statement is then prepared once.
    made.register_dumper(str, _TextDumper)
    for kind in (int, bool):
        made.register_dumper(kind, Int8BinaryDumper)
    made.register_loader("bool", _BoolLoader)
    made.register_loader("numeric", _NumberLoader)
    return made
