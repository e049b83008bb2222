"""An installation with some of everything, and the ids of what it has."""

from collections.abc import Mapping

from application.flashlog import Flashlog
from tests.tenancy.tenant import settle
from tests.web import examples
from tests.web.people import Caller

Known = Mapping[str, list[str]]

# What bodies and URLs call the things of some tables.
_OTHER_NAMES = {"device_group": "group", "account": "user"}


def fill(flashlog: Flashlog, admin: Caller) -> None:
    examples.installed(flashlog, examples.operation(flashlog))
    for number in (1, 2):
        settle(admin, number)


def ids(flashlog: Flashlog) -> Known:
    """Return the ids of everything by what it is called."""
    found: dict[str, list[str]] = {}
    for table in flashlog.storage.views.tables():
        rows = flashlog.views.rows(f'SELECT * FROM "{table}"')
        if rows and "id" in rows[0]:
            name = _OTHER_NAMES.get(table, table)
            found.setdefault(name, []).extend(str(row["id"]) for row in rows)
    return found
