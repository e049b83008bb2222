"""Which form of answer a client takes, and which form of question we take."""

from http import HTTPStatus

from flask import request

from web.answers import refusal

RENDERED = ["application/json", "text/html"]
PARSED = [
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
]
# What may be asked for by ?format=; a page for browsers may be answered in JSON.
_FORMATS = {"json": ["application/json"], "api": ["text/html"]}


def negotiate() -> None:
    """Refuse who takes neither JSON nor HTML, or names a format that is not known."""
    wanted = request.args.get("format")
    if wanted and wanted not in _FORMATS:
        raise refusal(HTTPStatus.NOT_FOUND, "Not found.")
    possible = _FORMATS[wanted] if wanted else RENDERED
    if not any(_is_taken(kind) for kind in possible):
        raise refusal(
            HTTPStatus.NOT_ACCEPTABLE,
            "Could not satisfy the request Accept header.",
        )


def _is_taken(kind: str) -> bool:
    family = kind.partition("/")[0]
    taken = {
        value.partition(";")[0].strip()
        for value, quality in request.accept_mimetypes
        if quality > 0
    }
    return not request.accept_mimetypes or bool(taken & {kind, f"{family}/*", "*/*"})
