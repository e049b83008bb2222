"""Whether the database of the log is what Flashlog made, beside the rows in it."""

from collections.abc import Iterator

from application.adapters.postgres.database import PostgresDatabase
from application.adapters.postgres.log import TRIGGERS

_RELATION = (
    "SELECT relkind FROM pg_class"
    " WHERE relname = 'event' AND relnamespace = to_regnamespace(?)"
)
_TRIGGERS = (
    "SELECT tgname, tgenabled FROM pg_trigger"
    " WHERE tgrelid = to_regclass(?) AND NOT tgisinternal"
)
_INDEXES = (
    "SELECT indexrelid::regclass::text FROM pg_index"
    " WHERE indrelid = to_regclass(?) AND NOT (indisvalid AND indisready)"
)
_RULES = "SELECT rulename FROM pg_rules WHERE schemaname = ? AND tablename = 'event'"


def unsound(database: PostgresDatabase) -> Iterator[str]:
    """Say what is not as it should be, a sentence each. Raises StorageError."""
    table = f"{database.schema}.event"
    with database.reading() as connection:
        kinds = connection.execute(_RELATION, (database.schema,)).fetchall()
        triggers = dict(connection.execute(_TRIGGERS, (table,)))
        broken = connection.execute(_INDEXES, (table,)).fetchall()
        rules = connection.execute(_RULES, (database.schema,)).fetchall()
    if [kind for (kind,) in kinds] != ["r"]:
        yield "its table event is another than Flashlog made"
    for name in sorted(TRIGGERS - triggers.keys()):
        yield f"its trigger {name} is gone"
    for name in sorted(triggers.keys() - TRIGGERS):
        yield f"it has a trigger {name} that Flashlog did not make"
    for name in sorted(TRIGGERS & triggers.keys()):
        if triggers[name] != "A":
            yield f"its trigger {name} does not always fire"
    for (name,) in broken:
        yield f"its index {name} is not valid"
    for (name,) in rules:
        yield f"it has a rule {name} that Flashlog did not make"
