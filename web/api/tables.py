"""The same as a table: CSV, for those who ask for it."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from flask import Response, request, stream_with_context

from web.api.negotiation import negotiate
from web.api.resource import Resource
from web.tables import harmless

CSV = "text/csv"
_JSON = "application/json"
# So many lines are sent at once.
_GROUP = 500


class TableResource(Resource):
    """A URL that gives CSV, too: by `Accept: text/csv` or `?format=csv`."""

    def negotiate(self) -> None:
        if not wants_csv():
            negotiate()


def wants_csv() -> bool:
    if wanted := request.args.get("format"):
        return wanted == "csv"
    accepted = request.accept_mimetypes
    return bool(accepted) and accepted.best_match([_JSON, CSV]) == CSV


def csv_answer(
    name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> Response:
    """Send rows under columns as they are made, as a file of this name."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    lines = stream_with_context(_encoded(columns, rows))
    return Response(lines, headers=headers, mimetype=CSV)


def _encoded(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    for number, row in enumerate(rows, start=1):
        writer.writerow([harmless(each) for each in row])
        if number % _GROUP == 0:
            yield _taken(text)
    yield _taken(text)


def _taken(text: io.StringIO) -> bytes:
    found = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return found
