"""The first page: what is running, what needs a person, what the fleet runs."""

from flask import Response

from web.console.rendering import show
from web.console.section import Section
from web.console.texts import marked

blueprint = Section("overview", words=marked("Overview"))


@blueprint.page("/")
def index() -> Response:
    """Show the fleet at a glance."""
    return show("overview.html")
