"""Spans of requests, visits and steps, collected in memory."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from application.observing import tracing
from application.observing.tracing import begin_tracing, span
from tests.contract.routers import simulated_router
from tests.procedure.world import World
from web.app import create_app


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(tracing, "_tracer", lambda: provider.get_tracer("flashlog"))
    yield exporter
    provider.shutdown()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        made = World(tmp_path, stack.enter_context(simulated_router()))
        stack.callback(made.close)
        yield made


def named(spans: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {each.name: each for each in spans.get_finished_spans()}


def test_a_visit_is_a_span_with_its_steps_below_it(
    spans: InMemorySpanExporter, world: World
) -> None:
    operation_id = world.upgrade().id
    found = spans.get_finished_spans()
    visits = [each for each in found if each.name == "visit"]
    assert len(visits) > 1  # to flash, and to look
    for visit in visits:
        assert visit.attributes is not None
        assert visit.attributes["flashlog.operation"] == str(operation_id)
        assert visit.attributes["flashlog.device"] == str(world.device_id)
    first = visits[0].context
    assert first is not None
    below = [
        each.name
        for each in found
        if each.parent and each.parent.span_id == first.span_id
    ]
    assert below.index("router inspect") < below.index("router claim")
    assert below.index("upload") < below.index("router flash")


def test_a_request_is_a_span_named_by_its_route(
    spans: InMemorySpanExporter, world: World
) -> None:
    client = create_app(world.flashlog).test_client()
    client.get("/health/live")
    client.get("/secret-word/")
    found = named(spans)
    assert set(found) == {"request /health/live", "request none"}
    live = found["request /health/live"].attributes
    assert live is not None
    assert live["http.response.status_code"] == 200
    assert live["flashlog.method"] == "GET"


def test_of_an_error_only_its_kind_is_told(spans: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="hunter2"), span("step", bytes=3):
        raise ValueError("hunter2")
    told = named(spans)["step"]
    assert told.status.status_code is StatusCode.ERROR
    assert "hunter2" not in told.to_json()
    assert "ValueError" in told.to_json()


def test_without_a_collector_no_span_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", raising=False)
    tracing._tracer.cache_clear()
    begin_tracing("web")
    with span("step") as current:
        assert current is None


def test_a_collector_without_the_extra_is_told_of_and_does_not_stop_the_service(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318")
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry", None)
    begin_tracing("web")
    assert "extra otel" in caplog.text
