"""What a visit said to the router and what it answered, word for word."""

from http import HTTPStatus
from uuid import UUID

import msgspec
from flask import Response

from application.recordings.lines import (
    Answer,
    AnyLine,
    CommandLine,
    OpenedLine,
    Output,
    UploadLine,
)
from application.recordings.visits import lines_of, reason_missing, recorded_visits
from web.answers import refusal
from web.api.firmware_upgrader.recordings import MAY_SEE
from web.console.listing import Listing
from web.console.operations.page import row_of
from web.console.operations.section import blueprint
from web.console.rendering import show
from web.console.texts import gettext as _
from web.state import flashlog

# So much of what a command printed is shown; the rest is told over REST.
_SHOWN_CHARACTERS_MAX = 4000
_LINES_SHOWN = 100


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a visit did.

    `texts` are what it was told and printed, by name; `is_cut` says that there was more
    than is shown.
    """

    number: int
    after_seconds: float | None
    what: str
    exit_status: int | None = None
    seconds: float | None = None
    trouble: str = ""
    texts: list[tuple[str, str]] = []
    is_cut: bool = False


@blueprint.page("/operations/<uuid:operation_id>/recordings/<int:number>/", MAY_SEE)
def recording(operation_id: UUID, number: int) -> Response:
    """Show a recorded visit, a page of it."""
    row = row_of(operation_id)
    visits = recorded_visits(flashlog(), operation_id)
    if not 0 < number <= len(visits):
        raise refusal(HTTPStatus.NOT_FOUND, _("There is no such visit."))
    lines = lines_of(flashlog(), visits[number - 1])
    missing = reason_missing(lines)
    told = [] if missing else list(enumerate(lines, start=1))
    return show(
        "operation_recording.html",
        row=row,
        visit=visits[number - 1],
        count=len(visits),
        missing=missing,
        listing=Listing.of(
            len(told),
            lambda page: [
                _said(*each) for each in told[page.offset : page.offset + page.size]
            ],
            size=_LINES_SHOWN,
        ),
    )


def _said(number: int, line: AnyLine) -> Said:
    trouble = getattr(line, "trouble", None)
    answer: Answer | None = getattr(line, "answer", None)
    told = _inputs(line)
    if answer is not None:
        for name in ("stdout", "stderr"):
            told += _printed(name, getattr(answer, name))
    return Said(
        number=number,
        after_seconds=getattr(line, "after_seconds", None),
        what=_what(line),
        exit_status=answer.exit_status if answer else None,
        seconds=answer.seconds if answer else getattr(line, "seconds", None),
        trouble=f"{trouble.error}: {trouble.message}" if trouble else "",
        texts=[(name, text[:_SHOWN_CHARACTERS_MAX]) for name, text in told],
        is_cut=any(len(text) > _SHOWN_CHARACTERS_MAX for _name, text in told),
    )


def _what(line: AnyLine) -> str:
    match line:
        case OpenedLine(address=address, port=port):
            return _("session with %(address)s") % {"address": f"{address}:{port}"}
        case CommandLine(script=script) if script:
            return _("script %(name)s") % {"name": script}
        case CommandLine():
            return _("command")
        case UploadLine(size_bytes=size):
            return _("upload of %(count)s bytes") % {"count": size}
    return str(msgspec.to_builtins(line)["kind"])


def _inputs(line: AnyLine) -> list[tuple[str, str]]:
    """Return what was said, beside what `_what` tells."""
    if isinstance(line, CommandLine):
        inputs = "\n".join(f"{name}={value}" for name, value in line.inputs.items())
        said = [(_("command"), line.command), (_("inputs"), inputs)]
        return [(name, text) for name, text in said if text]
    data = msgspec.to_builtins(line)
    for name in ("kind", "after_seconds", "trouble"):
        data.pop(name, None)
    text = msgspec.json.format(msgspec.json.encode(data), indent=2).decode()
    return [(_("details"), text)] if data else []


def _printed(name: str, output: Output) -> list[tuple[str, str]]:
    if output.sha256:
        hidden = _("%(count)s bytes that are kept from everybody, SHA-256 %(sha256)s")
        return [(name, hidden % {"count": output.bytes, "sha256": output.sha256})]
    cut = ""
    if output.bytes is not None:
        cut = "\n" + _("… of %(count)s bytes") % {"count": output.bytes}
    return [(name, output.text + cut)] if output.text or cut else []
