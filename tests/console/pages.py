"""Pages without a browser: who is signed in, what is asked for, what is shown."""

from html.parser import HTMLParser
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from application.flashlog import Flashlog
from application.queries.users import mark_of_log_in
from web.app import create_app

CSRF = "shown-by-forms"


class Browser:
    """Somebody signed in, without the cost of checking a password."""

    def __init__(
        self, flashlog: Flashlog, user_id: UUID, app: Flask | None = None
    ) -> None:
        self.client: FlaskClient = (app or create_app(flashlog)).test_client()
        with self.client.session_transaction() as session:
            session["user"] = str(user_id)
            session["mark"] = mark_of_log_in(flashlog, user_id)
            session["id"] = str(uuid4())
            session["csrf"] = CSRF

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, **more)

    def post(self, path: str, data: dict[str, Any] | None = None) -> TestResponse:
        """Send a form, with what guards it against forgery."""
        return self.client.post(
            path, data={"csrfmiddlewaretoken": CSRF, **(data or {})}
        )


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def text_of(page: TestResponse) -> str:
    """Return what the page says, in one line."""
    parser = _Text()
    parser.feed(page.get_data(as_text=True))
    return " ".join(" ".join(parser.parts).split())
