"""The application as the return value of a function."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from application.flashlog import Flashlog
from web import api, console, errors, health, metrics, sessions, sockets, transport
from web.state import WebState, keep
from web.uploads import UploadRequest


def create_app(flashlog: Flashlog) -> Flask:
    """Make the web application of an installation; the caller closes Flashlog."""
    settings = flashlog.settings
    app = Flask(__name__)
    app.request_class = UploadRequest
    app.config["MAX_CONTENT_LENGTH"] = settings.body_size_max_bytes
    state = WebState.of(flashlog)
    keep(app, state)
    if settings.behind_proxy:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=1, x_proto=1, x_host=1
        )
    for part in (errors, transport, api, console):
        part.init_app(app)
    for stateful in (sessions, sockets, metrics):
        stateful.init_app(app, state)
    app.register_blueprint(health.blueprint)
    return app
