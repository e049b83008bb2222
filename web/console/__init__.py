"""The console: pages for people, over the same queries and commands as the interface.

Every page works without JavaScript, and is right when it is loaded again; with
JavaScript what it shows moves by itself. Each section is a module with the same name:

`signing_in`   who comes in
`overview`     what runs, what needs a person, what the fleet runs
`firmware`     categories, builds, images; how images come in
`mass_upgrades`  how one is begun, looked at, held, resumed and cancelled
`devices`      the inventory: found, looked at, changed, upgraded one by one
`operations`   every upgrade with its whole story
`history`      every event, newest first, and those of one thing
"""

from flask import Flask, url_for

from web.api.authentication import asking
from web.console import (
    devices,
    firmware,
    history,
    mass_upgrades,
    operations,
    overview,
    refusals,
    rendering,
    signing_in,
    texts,
)
from web.console.section import Section
from web.console.texts import gettext

SECTIONS = (
    signing_in,
    overview,
    devices,
    operations,
    firmware,
    mass_upgrades,
    history,
)


def init_app(app: Flask) -> None:
    for part in (texts, rendering, refusals):
        part.init_app(app)
    for each in SECTIONS:
        app.register_blueprint(each.blueprint)
    app.jinja_env.globals["sections"] = _menu


def _menu() -> list[tuple[str, str, str]]:
    """Return name, path and words of what the menu leads whoever asks to."""
    blueprints = [each.blueprint for each in SECTIONS]
    return [
        (each.name, url_for(f"{each.name}.index"), gettext(each.words))
        for each in blueprints
        if isinstance(each, Section) and each.words and each.is_open_to(asking())
    ]
