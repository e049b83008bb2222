"""An installation with some of everything, and the ids of what it has."""

from collections.abc import Mapping

from application.flashlog import Flashlog
from tests.web import examples

_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table'"
_COLUMNS = "SELECT name FROM pragma_table_info(?)"


def fill(flashlog: Flashlog) -> None:
    examples.organization(flashlog, "freifunk")
    examples.device(flashlog)
    examples.installed(flashlog, examples.operation(flashlog))
    examples.operation(flashlog)


def ids(flashlog: Flashlog) -> Mapping[str, list[str]]:
    """Return the ids of everything by the name of its table."""
    found = {}
    for (table,) in (row.values() for row in flashlog.views.rows(_TABLES)):
        columns = {row["name"] for row in flashlog.views.rows(_COLUMNS, (table,))}
        if "id" in columns:
            rows = flashlog.views.rows(f'SELECT id FROM "{table}"')
            found[table] = [str(row["id"]) for row in rows]
    return found
