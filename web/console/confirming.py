"""Asking back before something is done that cannot be undone."""

from collections.abc import Callable, Sequence
from http import HTTPStatus

from flask import Response, flash, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from application.errors import RefusedError
from web.console.rendering import show


def confirmed(
    act: Callable[[], None],
    *,
    question: str,
    sentences: Sequence[str],
    button: str,
    done: str,
    back: str,
    onward: str = "",
) -> AnyResponse:
    """Ask on GET; on POST do it, say that it is `done` and lead `onward`, or `back`.

    What is refused is said on the page that asks.
    """

    def page(status: HTTPStatus = HTTPStatus.OK, problem: str = "") -> Response:
        return show(
            "confirm.html",
            status,
            question=question,
            sentences=sentences,
            button=button,
            back=back,
            problem=problem,
        )

    if request.method != "POST":
        return page()
    try:
        act()
    except RefusedError as error:
        return page(HTTPStatus.CONFLICT, str(error))
    flash(done, "success")
    return redirect(onward or back, HTTPStatus.SEE_OTHER)
