"""Query parameters that choose rows by a time."""

from datetime import UTC, datetime

from flask import request

from application.access import Condition
from application.errors import InvalidError
from application.projections.rows import moment


def at(name: str, column: str, comparison: str = "=") -> Condition:
    """Return the condition on a time; blank chooses all. Raises InvalidError."""
    text = request.args.get(name)
    if not text:
        return Condition("1")
    try:
        # A plus sign that was not quoted has become a blank.
        found = datetime.fromisoformat(text.replace(" 0", "+0"))
    except ValueError:
        raise InvalidError.of(name, "Enter a valid date/time.") from None
    aware = found if found.tzinfo else found.replace(tzinfo=UTC)
    written = moment(aware.astimezone(UTC))
    return Condition(f"{column} {comparison} ?", (written,))
