"""Pages as of any event of what they are about: `?at=` is the number of the event."""

from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlencode

import msgspec
from flask import Response, request

from application.errors import NotFoundError
from application.past.house import Fill
from application.past.patience import TooLongError
from application.queries.telling import told
from web.api.past import looking_back
from web.console.rendering import show
from web.console.texts import gettext as _
from web.state import flashlog

# Nobody waits longer for a page; over REST `FLASHLOG_PAST_SECONDS_MAX` is the limit.
PAGE_SECONDS_MAX = 10.0
_DIGITS_MAX = 9


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """Which event of a thing a page is as of, and how many there are by now.

    `position` is where that event is in the log, `at` when it was recorded, `words`
    what it was; of the last one of many nothing is known but the number.
    """

    number: int
    count: int
    position: int = 0
    at: datetime | None = None
    words: str = ""

    @classmethod
    def of_last(cls, count: int) -> "Replay":
        """Return that of a page that is as of now."""
        return cls(number=count, count=count)

    @property
    def is_past(self) -> bool:
        return self.number < self.count

    @property
    def asked(self) -> list[tuple[str, str]]:
        """Return what else of the page is asked for: the slider keeps it."""
        return [
            (name, value)
            for name, value in request.args.items(multi=True)
            if name not in {"at", "page"} and value
        ]

    @property
    def query(self) -> str:
        """Return the same for a link, which goes on with the number."""
        return "?" + "".join(f"{each}&" for each in [urlencode(self.asked)] if each)


def asked_event() -> int | None:
    """Read `?at=`. Raises NotFoundError for what is no number of an event."""
    text = request.args.get("at", "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or len(text) > _DIGITS_MAX:
        raise NotFoundError(_("There is no such event."))
    return int(text)


def replay_of(positions: Sequence[int]) -> Replay:
    """Return what is asked for of a thing with these events.

    Raises NotFoundError where there are not so many.
    """
    count = len(positions)
    asked = asked_event()
    number = count if asked is None else asked
    if not 0 < number <= count:
        raise NotFoundError(_("There is no such event."))
    position = positions[number - 1]
    (entry,) = flashlog().log.at([position])
    return Replay(
        number=number,
        count=count,
        position=position,
        at=entry.recorded_at,
        words=told(entry.event),
    )


def replayed(
    replay: Replay, fill: Fill, page: Callable[[], Response], *, path: str, name: str
) -> Response:
    """Show a page as of then; where that would take too long, say so instead.

    `path` is the page as it is now, `name` what it is about.
    """
    if not replay.is_past:
        return page()
    try:
        with looking_back(replay.position, fill, seconds_max=PAGE_SECONDS_MAX):
            return page()
    except TooLongError:
        return show(
            "replay_too_long.html",
            HTTPStatus.SERVICE_UNAVAILABLE,
            replay=replay,
            path=path,
            name=name,
            seconds_max=PAGE_SECONDS_MAX,
        )
