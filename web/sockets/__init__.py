"""WebSockets: what happens to one operation, as it happens.

The channels of batches and devices go beside `operation`.
"""

from functools import partial
from threading import Thread

from flask import Flask
from flask_sock import Sock

from web.sockets import admission, operation
from web.sockets.handover import SocketOfItsOwn
from web.sockets.hub import Hub, keep
from web.state import WebState

# No client has more to say than one short request.
_MESSAGE_BYTES_MAX = 4096


def init_app(app: Flask, state: WebState) -> None:
    settings = state.flashlog.settings
    app.config["SOCK_SERVER_OPTIONS"] = {
        "ping_interval": settings.websocket_ping_seconds,
        "max_message_size": _MESSAGE_BYTES_MAX,
        "thread_class": partial(Thread, daemon=True),
    }
    keep(app, Hub(state.flashlog, clients_max=settings.websocket_clients_max))
    blueprint = admission.blueprint()
    operation.add_to(Sock(), blueprint)
    app.register_blueprint(blueprint)
    app.wsgi_app = SocketOfItsOwn(app.wsgi_app)  # type: ignore[method-assign]
