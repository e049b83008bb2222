"""Query parameters that choose rows by a time."""

import re
from datetime import UTC, datetime

from flask import request

from application.access import ALL, Condition
from application.errors import InvalidError
from application.projections.rows import moment

_UNQUOTED_PLUS = re.compile(r" (\d\d:?\d\d)$")


def at(name: str, column: str, comparison: str = "=") -> Condition:
    """Return the condition on a time; blank chooses all. Raises InvalidError."""
    text = request.args.get(name)
    if not text:
        return ALL
    try:
        # A plus sign that was not quoted has become a blank.
        found = datetime.fromisoformat(_UNQUOTED_PLUS.sub(r"+\1", text))
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        written = moment(aware.astimezone(UTC))
    except (ValueError, OverflowError):
        raise InvalidError.of(name, "Enter a valid date/time.") from None
    return Condition(f"{column} {comparison} ?", (written,))
