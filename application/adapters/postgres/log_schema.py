"""What the log is made of in PostgreSQL: its tables, and what lets it only grow."""

import re
from collections.abc import Mapping
from importlib.resources import files

# They let the log only grow: triggers, and the functions that they call.
TRIGGERS: Mapping[str, str] = {
    "event_is_next": "event_is_next",
    "event_is_final": "event_is_kept",
    "event_is_kept": "event_is_kept",
}
_FUNCTION = re.compile(
    r"^CREATE OR REPLACE FUNCTION (\w+)\(.*?AS \$\$(.*?)\$\$;", re.DOTALL | re.MULTILINE
)


def log_schema(lock_key: int) -> str:
    """Return the SQL that makes the log; `lock_key` is the lock that orders appends."""
    schema = files(__package__).joinpath("log.sql").read_text()
    return schema.replace("{lock}", str(lock_key))


def log_functions(lock_key: int) -> dict[str, str]:
    """Return the bodies of its functions, by their names."""
    return dict(_FUNCTION.findall(log_schema(lock_key)))
