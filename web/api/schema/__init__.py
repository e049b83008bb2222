"""The interface described: a document for programs (OpenAPI), a page for people.

Everybody may read it: it tells what is in the source code anyway.
"""

from functools import cached_property
from http import HTTPStatus
from typing import cast

import msgspec
from flask import Blueprint, Flask, Response, current_app, render_template

from web.answers import json_answer
from web.api.authentication import address
from web.api.described import Description, described
from web.api.resource import PublicResource, throttle
from web.api.schema import events
from web.api.schema.document import document
from web.api.schema.page import Page
from web.state import state

_NAME = "flashlog-interface"
# Our own style sheet and nothing else: no script, no font, no picture.
_POLICY = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)

blueprint = Blueprint("schema", __name__, url_prefix="/api/v1")


class Interface:
    """What one application offers; made when it is first asked for."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    @cached_property
    def raw(self) -> msgspec.Raw:
        return msgspec.Raw(msgspec.json.encode(document(self._app)))

    @cached_property
    def page(self) -> Page:
        return Page(document(self._app))


def init_app(app: Flask) -> None:
    app.extensions[_NAME] = Interface(app)
    app.register_blueprint(blueprint)


@described(Description(answers={HTTPStatus.OK: None}))
def _document() -> Response:
    """Show this interface as an OpenAPI 3.1 document."""
    return json_answer(_interface().raw)


def _interface() -> Interface:
    return cast("Interface", current_app.extensions[_NAME])


@blueprint.get("/docs/")
def page() -> Response:
    """Show this interface as a page."""
    throttle(state().request_throttle, address())
    text = render_template("interface.html", page=_interface().page)
    headers = {"Content-Security-Policy": _POLICY}
    return Response(text, headers=headers, mimetype="text/html")


DOCUMENT = PublicResource("openapi-document", get=_document)
DOCUMENT.add_to(blueprint, "/schema/")
events.LIST.add_to(blueprint, "/schema/events/")
events.DETAIL.add_to(blueprint, "/schema/events/<event_type>/")
