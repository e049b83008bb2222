"""Whether the database of the log is what Flashlog made, beside the rows in it."""

from collections.abc import Iterator

from application.adapters.postgres.database import PostgresDatabase
from application.adapters.postgres.log_schema import TRIGGERS, log_functions
from application.adapters.postgres.memory import why_closed

_RELATION = (
    "SELECT relkind FROM pg_class"
    " WHERE relname = 'event' AND relnamespace = to_regnamespace(?)"
)
_TRIGGERS = (
    "SELECT tgname, tgenabled, proname, pronamespace = to_regnamespace(?)"
    " FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid"
    " WHERE tgrelid = to_regclass(?) AND NOT tgisinternal"
)
_FUNCTIONS = (
    "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = to_regnamespace(?)"
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
        broken = connection.execute(_INDEXES, (table,)).fetchall()
        rules = connection.execute(_RULES, (database.schema,)).fetchall()
    if [kind for (kind,) in kinds] != ["r"]:
        yield "its table event is another than Flashlog made"
    yield from unguarded(database)
    yield from _foreign_triggers(database)
    for (name,) in broken:
        yield f"its index {name} is not valid"
    if why := why_closed(database):
        yield f"nothing is appended: {why}"
    for (name,) in rules:
        yield f"it has a rule {name} that Flashlog did not make"


def unguarded(database: PostgresDatabase) -> Iterator[str]:
    """Say what of all that lets the log only grow is gone, off, or another."""
    triggers = _triggers(database)
    for name in sorted(TRIGGERS - triggers.keys()):
        yield f"its trigger {name} is gone"
    for name in sorted(TRIGGERS & triggers.keys()):
        enabled, function, is_ours = triggers[name]
        if enabled != "A":
            yield f"its trigger {name} does not always fire"
        if function != TRIGGERS[name] or not is_ours:
            yield f"its trigger {name} calls another function than Flashlog made"
    with database.reading() as connection:
        found = dict(connection.execute(_FUNCTIONS, (database.schema,)))
    for name, body in log_functions(database.lock_key).items():
        if found.get(name) != body:
            yield f"its function {name} is another than Flashlog made"


def _foreign_triggers(database: PostgresDatabase) -> Iterator[str]:
    for name in sorted(_triggers(database).keys() - TRIGGERS):
        yield f"it has a trigger {name} that Flashlog did not make"


def _triggers(database: PostgresDatabase) -> dict[str, tuple[str, str, int]]:
    asked = (database.schema, f"{database.schema}.event")
    with database.reading() as connection:
        found = connection.execute(_TRIGGERS, asked).fetchall()
    return {name: tuple(its) for name, *its in found}
