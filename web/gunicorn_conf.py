"""How gunicorn serves Flashlog: `gunicorn -c python:web.gunicorn_conf wsgi:app`.

One process: what it follows and counts (the feed, the throttles) is counted once.
"""

import os
import sys
from threading import Thread
from time import sleep

import gunicorn.workers.gthread
from gunicorn.workers.base import Worker

from application.observing.tracing import begin_tracing
from application.settings import load_settings
from web.logs import log_config
from web.service.lifeline import die_with
from web.service.listening import LISTENER, SUPERVISOR
from web.sockets.hub import hub_of

if SUPERVISOR in os.environ:
    die_with(int(os.environ[SUPERVISOR]))

_settings = load_settings()
# Threads for REST beside those that WebSockets hold.
_REST_THREADS = 32
_LOOK_SECONDS = 0.05
_PATIENT_SECONDS = 0.1

bind = f"fd://{os.environ[LISTENER]}" if LISTENER in os.environ else _settings.bind
workers = 1
worker_class = "gthread"
threads = _settings.websocket_clients_max + _REST_THREADS
worker_connections = threads + 1000
keepalive = 15
graceful_timeout = max(1, round(_settings.stop_seconds))
forwarded_allow_ips = "*" if _settings.behind_proxy else ""
# It would write to the home directory of whoever runs this.
control_socket_disable = True
logconfig_dict = log_config(_settings)

# A stopping worker would keep idle connections open for two seconds.
gunicorn.workers.gthread.STOP_KEEPALIVE_LINGER = 0.2


def post_fork(_: object, worker: Worker) -> None:
    """Let the worker stop with the process that started it, even a killed one."""
    die_with(worker.ppid)
    begin_tracing("web")


def post_worker_init(worker: Worker) -> None:
    """Watch for the stop: gunicorn waits for WebSockets, it does not close them."""
    Thread(target=_say_goodbye, args=(worker,), daemon=True).start()


def _say_goodbye(worker: Worker) -> None:
    while worker.alive:
        sleep(_LOOK_SECONDS)
    # Many threads are about to end, and each that waits for its turn interrupts the
    # one that has it at this interval. At the usual 5 ms a thousand of them take more
    # than ten seconds, at this two (measured).
    sys.setswitchinterval(_PATIENT_SECONDS)
    hub_of(worker.wsgi).close()
