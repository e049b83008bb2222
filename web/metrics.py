"""`/metrics`: figures of the installation and of this process, for Prometheus.

What is the installation's comes from the log and the read models, so every web
process tells the same; what is a process's own it counts itself.
"""

import hmac
from collections.abc import Iterator
from http import HTTPStatus
from ipaddress import ip_address
from typing import cast

from flask import Blueprint, Flask, Response, current_app, request
from prometheus_client import (
    CollectorRegistry,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from application.flashlog import Flashlog
from application.queries.figures import Figure, figures
from application.queries.phase_times import WHOLE, PhaseTimes
from web import metering
from web.answers import refusal
from web.api.authentication import address
from web.api.resource import throttle
from web.sockets.hub import hub_of
from web.state import WebState, flashlog, state

_NAME = "flashlog.metrics"
_HEAR_SECONDS_MAX = 2.0
_PHASE_BUCKETS = (0.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 300, 600, 1800, 3600, 14400)

blueprint = Blueprint("metrics", __name__)


def init_app(app: Flask, state: WebState) -> None:
    registry = CollectorRegistry()
    for own in (
        metering.REQUESTS,
        metering.REQUEST_SECONDS,
        metering.CLIENTS_DROPPED,
        _Clients(app),
        _Installation(state.flashlog),
        _Phases(state.flashlog),
    ):
        registry.register(own)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    app.extensions[_NAME] = registry
    app.register_blueprint(blueprint)


@blueprint.get("/metrics", strict_slashes=False)
def show() -> Response:
    """Answer in the text format of Prometheus, or OpenMetrics where that is asked."""
    _require_reader()
    registry = cast("CollectorRegistry", current_app.extensions[_NAME])
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return Response(encode(registry), content_type=content_type)


def _require_reader() -> None:
    """Let in who shows the token or, where there is none, this machine alone.

    Behind a proxy everybody may seem to come from this machine: there a token is
    needed.
    """
    settings = flashlog().settings
    if not settings.metrics_token:
        if settings.behind_proxy or not _is_from_here(request.remote_addr or ""):
            raise refusal(
                HTTPStatus.FORBIDDEN,
                "Figures are for this machine alone: set FLASHLOG_METRICS_TOKEN and "
                "send it as Authorization: Bearer.",
            )
        return
    keyword, _, shown = request.headers.get("Authorization", "").partition(" ")
    expected = settings.metrics_token
    is_known = hmac.compare_digest(shown.strip().encode(), expected.encode())
    if keyword.lower() != "bearer" or not is_known:
        throttle(state().request_throttle, f"metrics {address()}")
        raise refusal(
            HTTPStatus.UNAUTHORIZED,
            "Figures need the token of FLASHLOG_METRICS_TOKEN.",
            {"WWW-Authenticate": "Bearer"},
        )


def _is_from_here(remote: str) -> bool:
    try:
        return ip_address(remote).is_loopback
    except ValueError:
        return False


class _Installation(Collector):
    """What log and read models tell."""

    def __init__(self, flashlog: Flashlog) -> None:
        self._flashlog = flashlog

    def collect(self) -> Iterator[Metric]:
        yield from map(_family, figures(self._flashlog))

    def describe(self) -> list[Metric]:
        """Tell nothing while being registered: that would ask the store."""
        return []


class _Phases(Collector):
    """How long phases and operations take, since this process began to listen."""

    def __init__(self, flashlog: Flashlog) -> None:
        self._phases = Histogram(
            "flashlog_phase_seconds",
            "Duration of the phases of operations.",
            ["phase"],
            buckets=_PHASE_BUCKETS,
            registry=None,
        )
        self._operations = Histogram(
            "flashlog_operation_seconds",
            "Duration of whole operations, from start to outcome.",
            ["outcome"],
            buckets=_PHASE_BUCKETS,
            registry=None,
        )
        self._times = PhaseTimes(flashlog.log, self._hear)

    def collect(self) -> Iterator[Metric]:
        self._times.hear(limit_seconds=_HEAR_SECONDS_MAX)
        for each in (self._phases, self._operations):
            yield from each.collect()

    def describe(self) -> list[Metric]:
        return []

    def _hear(self, what: str, status: str, seconds: float) -> None:
        if what == WHOLE:
            self._operations.labels(status).observe(seconds)
        else:
            self._phases.labels(what).observe(seconds)


class _Clients(Collector):
    """Who listens to this process over a WebSocket."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def collect(self) -> Iterator[Metric]:
        hub = hub_of(self._app)
        family = GaugeMetricFamily(
            "flashlog_feed_clients",
            "WebSocket clients of this web process.",
        )
        family.add_metric((), hub.count())
        yield family

    def describe(self) -> list[Metric]:
        return []


def _family(figure: Figure) -> Metric:
    kind = CounterMetricFamily if figure.is_count else GaugeMetricFamily
    first = next(iter(figure.values), ())
    names = [name for name, _ in first]
    family = kind(f"flashlog_{figure.name}", figure.meaning, labels=names)
    for labels, value in figure.values.items():
        family.add_metric([text for _, text in labels], value)
    return family
