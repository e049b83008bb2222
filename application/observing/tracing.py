"""Spans for OpenTelemetry, where it is installed and somebody collects them.

Without the extra `otel` nothing of this costs anything. A span carries names and ids,
never what an error says: that may quote a router.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

_log = logging.getLogger(__name__)

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


@contextmanager
def span(name: str, **attributes: str | float) -> Iterator["Span | None"]:
    """Trace what is done until the block ends; an error is told by its kind."""
    tracer = _tracer()
    if tracer is None:
        yield None
        return
    with tracer.start_as_current_span(
        name,
        attributes={f"flashlog.{key}": value for key, value in attributes.items()},
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            yield current
        except BaseException as error:
            _fail(current, error)
            raise


def begin_tracing(part: str) -> None:
    """Send the spans of this process to where OpenTelemetry's own variables say.

    Without such a variable nothing is sent, and none is made.
    """
    if not any(map(os.environ.get, _ENDPOINTS)):
        return
    try:
        from opentelemetry import trace  # noqa: PLC0415 - an extra
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        _log.warning("action=no_traces %s: install Flashlog with its extra otel", error)
        return
    provider = TracerProvider(
        resource=Resource.create({"service.name": f"flashlog-{part}"})
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


@cache
def _tracer() -> "Tracer | None":
    if not any(map(os.environ.get, _ENDPOINTS)):
        return None
    try:
        from opentelemetry import trace  # noqa: PLC0415 - an extra
    except ImportError:
        return None
    return trace.get_tracer("flashlog")


def _fail(current: "Span", error: BaseException) -> None:
    from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415 - it is there

    current.set_status(Status(StatusCode.ERROR, type(error).__name__))
