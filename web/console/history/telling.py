"""The page of a history: its events in order, with evidence and who did what."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from uuid import UUID

import msgspec
from flask import Response, request, url_for

from application.queries.histories import Happened, history_of
from application.queries.telling import names_of
from web.answers import refusal
from web.api.authentication import asking
from web.api.pages import Page
from web.console.history.section import EVENT_KINDS, path_of
from web.console.listing import Listing
from web.console.rendering import show
from web.console.texts import gettext as _
from web.state import flashlog

_NEWEST_FIRST = "-position"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One event as it is shown.

    `about` is what it happened to, of a `kind`, with `path`, its page. `then` shows the
    whole as of this event; `who` leads to the account of who did it. Blank is what
    there is not.
    """

    happened: Happened
    kind: str
    about: str
    path: str
    data: str
    then: str
    who: str


def page(
    stories: Sequence[UUID],
    *,
    heading: str,
    path: str,
    page_of_it: str = "",
    can_look_back: bool = False,
) -> Response:
    """Show the events of some stories, oldest first or newest first.

    `path` is this page, `page_of_it` that of the thing, which shows itself as of an
    event where it `can_look_back`.
    """
    history = history_of(flashlog(), stories, until=flashlog().log.end())
    if not history.positions:
        raise refusal(HTTPStatus.NOT_FOUND, _("You may see nothing of its history."))
    newest_first = request.args.get("ordering") == _NEWEST_FIRST

    def lines(asked: Page) -> list[Line]:
        happened = history.page(
            flashlog(),
            asking(),
            limit=asked.size,
            offset=asked.offset,
            newest_first=newest_first,
        )
        names = names_of(flashlog().views, [str(each.subject) for each in happened])
        return [_line(each, names, then=then(each.position)) for each in happened]

    def then(position: int) -> str:
        number = bisect_left(history.positions, position) + 1
        return f"{page_of_it}?at={number}" if can_look_back else ""

    return show(
        "history_of.html",
        heading=heading,
        listing=Listing.of(len(history.positions), lines),
        newest_first=newest_first,
        page_of_it=page_of_it,
        path=path,
    )


def _line(happened: Happened, names: Mapping[str, str], *, then: str) -> Line:
    about, account = str(happened.subject), asking()
    kind = happened.type.partition(":")[0]
    if kind == "User" and not account.is_superuser:
        # As over REST: others manage some of the organizations of an account only.
        happened = msgspec.structs.replace(happened, data={})
    data = msgspec.json.format(msgspec.json.encode(happened.data), indent=2).decode()
    may_ask = bool(happened.by_name) and account.may("view_user", "change_user")
    who = url_for("history.of_user", user_id=happened.by) if may_ask else ""
    return Line(
        happened=happened,
        kind=_(EVENT_KINDS[kind]),
        about=names.get(about) or about[:8],
        path=path_of(kind, about),
        data=data if happened.data else "",
        then=then,
        who=who,
    )
