"""`?as_of=`: what would have been answered then, by the code that answers now."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from math import inf
from typing import Any

from flask import Response, g, request

from application.past.house import Fill, as_it_was
from application.past.moments import position_of
from application.past.patience import Patience
from application.projections.views import Row
from web.api.described import Parameter
from web.state import flashlog, state

AS_OF = Parameter(
    name="as_of",
    meaning=(
        "a position of the log, or a date/time for the last position until then: what "
        "would have been answered after that; things belong to whom they belong now"
    ),
)
Handler = Callable[..., Response]


def as_of(fill: Callable[..., Fill]) -> Callable[[Handler], Handler]:
    """Let a handler answer from the past, where `as_of` asks for that.

    `fill` is called with the ids of the URL and says which stories are needed.
    """

    def wrap(handler: Handler) -> Handler:
        @wraps(handler)
        def answer(**ids: Any) -> Response:
            text = request.args.get(AS_OF.name)
            if not text:
                return handler(**ids)
            position = position_of(flashlog(), AS_OF.name, text)
            with looking_back(position, fill(**ids)):
                return handler(**ids)

        return answer

    return wrap


@contextmanager
def looking_back(
    position: int, fill: Fill, *, seconds_max: float = inf
) -> Iterator[None]:
    """Let what is asked meanwhile be answered as of a position. Raises TooLongError."""
    with (
        patiently(seconds_max=seconds_max) as patience,
        as_it_was(flashlog(), position, fill, patience=patience) as then,
    ):
        g.then = then
        try:
            yield
        finally:
            del g.then


def as_owned_then(device: Row) -> Row:
    """Let a device's row say whose it was then."""
    if g.get("then") is None:
        return device
    (owner,) = flashlog().views.rows(
        "SELECT organization_id FROM device_owner WHERE id = ?", [device["id"]]
    )
    return device | owner


@contextmanager
def patiently(*, seconds_max: float = inf) -> Iterator[Patience]:
    """Take one of the places for those who look back. Raises TooLongError."""
    patience = Patience(flashlog().settings, seconds_max=seconds_max)
    places = state().looks_back
    if not places.acquire(timeout=patience.left_seconds):
        raise patience.spent()
    try:
        yield patience
    finally:
        places.release()
