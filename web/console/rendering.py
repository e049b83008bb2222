"""Pages made of templates, with the headers that keep them to themselves."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import (
    Flask,
    Response,
    current_app,
    g,
    render_template,
    request,
    url_for,
)
from markupsafe import Markup

from application.access import Account
from application.queries.people import name_of
from web import sessions
from web.representation import timestamp
from web.sockets.event_feed import may_follow
from web.state import flashlog

# Our own files and sockets and nothing else; nothing inline, nothing from elsewhere.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def init_app(app: Flask) -> None:
    app.add_template_filter(when)
    app.add_template_filter(bytes_text)
    app.context_processor(_everywhere)
    app.jinja_env.globals["link"] = link


def show(
    template: str, status: HTTPStatus = HTTPStatus.OK, /, **values: Any
) -> Response:
    """Answer with the page of a template below `console/`."""
    page = render_template(f"console/{template}", **values)
    headers = {"Content-Security-Policy": POLICY, "Vary": "Accept-Language, Cookie"}
    return Response(page, status, headers, mimetype="text/html")


def _everywhere() -> dict[str, Any]:
    """Return what every page shows or needs."""
    account: Account | None = g.get("account")
    # Browsers tell the time by this clock where their own is wrong.
    now = {"now_text": _machine(flashlog().clock.now())}
    if account is None:
        return now
    return now | {
        "account": account,
        "user_name": name_of(flashlog(), account.user_id),
        "csrf_field": Markup('<input type="hidden" name="{}" value="{}">').format(
            sessions.CSRF_FIELD, sessions.csrf_token()
        ),
        "position": g.position,
        "may_follow": may_follow(account),
        "section": request.blueprint,
    }


def link(endpoint: str, **ids: Any) -> str:
    """Return the path of a page; of the overview where there is no such page yet."""
    if endpoint not in current_app.view_functions:
        return url_for("overview.index")
    return url_for(endpoint, **ids)


def when(moment: datetime | str | None) -> Markup:
    """Show a moment; scripts make it relative, and exact in the viewer's zone."""
    if moment is None:
        return Markup("")
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return Markup('<time datetime="{}">{}</time>').format(
        _machine(moment), f"{moment:%Y-%m-%d %H:%M:%S} UTC"
    )


def _machine(moment: datetime) -> str:
    return timestamp(moment.isoformat().replace("+00:00", "Z"))


def bytes_text(size: int) -> str:
    """Write a number of bytes as people read it, in units of 1024 (IEC 80000-13)."""
    number = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if number < 1024 or unit == "GiB":  # noqa: PLR2004 - the unit's own size
            break
        number /= 1024
    return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
