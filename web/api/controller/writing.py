"""What the commands refuse, under the keys where clients look for it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus

from application.commands.claims import TakenError
from application.errors import InvalidError
from application.projections.views import Row
from web.answers import refusal
from web.api.resource import NO_PERMISSION


@contextmanager
def told_as(keys: Mapping[str, str]) -> Iterator[None]:
    """Say that a key is taken under another name than the field's own."""
    try:
        yield
    except TakenError as error:
        wrong: dict[str, list[str]] = {}
        for field, sentences in error.fields.items():
            wrong.setdefault(keys.get(field, field), []).extend(sentences)
        raise InvalidError(wrong) from None


def active_device(row: Row) -> Row:
    """Return the row of a device that may be changed. Raises AnswerError (403)."""
    if not row["is_active"]:
        raise refusal(HTTPStatus.FORBIDDEN, NO_PERMISSION)
    return row
