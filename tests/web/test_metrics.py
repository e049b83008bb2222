"""What `/metrics` tells, held against a state that is known."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from application.flashlog import Flashlog
from domain.operation import events
from domain.operation.operation import UpgradeOperation
from domain.operation.words import Obligation
from tests.web import examples
from tests.web.conftest import API, Caller
from web.app import create_app
from web.metering import CLIENTS_DROPPED

DOCS = Path(__file__).parents[2] / "docs"
Key = tuple[str, frozenset[tuple[str, str]]]


class Told(dict[Key, float]):
    """Samples by name and labels."""

    def of(self, name: str, **labels: str) -> float:
        return self[f"flashlog_{name}", frozenset(labels.items())]


def told(app: Flask, **headers: str) -> Told:
    answer = app.test_client().get("/metrics", headers=headers)
    assert answer.status_code == 200, answer.data
    assert answer.content_type.startswith("text/plain")
    found = Told()
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found[sample.name, frozenset(sample.labels.items())] = sample.value
    return found


@pytest.fixture
def app(flashlog: Flashlog) -> Flask:
    return create_app(flashlog)


@pytest.fixture
def changed(flashlog: Flashlog) -> Iterator[Any]:
    """Make an application with other settings on the same installation."""
    given = flashlog.settings

    def make(**settings: Any) -> Flask:
        flashlog.settings = msgspec.structs.replace(given, **settings)
        return create_app(flashlog)

    yield make
    flashlog.settings = given


def test_operations_are_told_by_phase_and_by_outcome(
    app: Flask, flashlog: Flashlog
) -> None:
    queued, going, done = (examples.operation(flashlog) for _ in range(3))
    examples.note(flashlog, going, *examples.connected())
    examples.installed(flashlog, done)
    flashlog.show(flashlog.log.end())
    seen = told(app)
    assert seen.of("operations_in_progress", phase="queued") == 1
    assert seen.of("operations_in_progress", phase="checking") == 1
    assert seen.of("operations_ended_total", outcome="success") == 1
    assert seen.of("operations_ended_total", outcome="failed") == 0
    assert queued != going


def test_what_is_owed_given_up_and_held_is_told(app: Flask, flashlog: Flashlog) -> None:
    owing, given_up, held = (examples.operation(flashlog) for _ in range(3))
    for operation_id in (owing, given_up):
        examples.note(
            flashlog,
            operation_id,
            *examples.connected(),
            events.UploadBegun(path="/tmp/x", size_bytes=1),
        )
        operation = flashlog.log.get(UpgradeOperation, operation_id)
        operation.fail("it broke")
        flashlog.log.append(operation)
    operation = flashlog.log.get(UpgradeOperation, given_up)
    assert operation.owed == {Obligation.FILE}
    operation.give_up_obligations(reason="too long")
    flashlog.log.append(operation)
    operation = flashlog.log.get(UpgradeOperation, held)
    operation.hold(reason="restored")
    flashlog.show(flashlog.log.append(operation))
    seen = told(app)
    assert seen.of("operations_owing") == 1
    assert seen.of("operations_given_up") == 1
    assert seen.of("operations_held") == 1
    assert seen.of("operations_ended_total", outcome="failed") == 2


def test_slots_turns_and_late_work_are_told(app: Flask, flashlog: Flashlog) -> None:
    first, second = (examples.operation(flashlog) for _ in range(2))
    now = flashlog.clock.now().timestamp()
    operation = flashlog.log.get(UpgradeOperation, first)
    assert flashlog.turns.take(operation, of_batch=None)
    flashlog.due.claim("r1", now=now, lease_seconds=60, limit=1)
    free = flashlog.settings.runner_visits_max
    with flashlog.presence.of("runner"):
        seen = told(app)
    assert seen.of("up", role="runner") == 1
    assert seen.of("up", role="projector") == 0
    assert seen.of("runner_visits") == 1
    assert seen.of("runner_visits_free") == free - 1
    assert seen.of("work_due") == 1
    assert 0 <= seen.of("work_late_seconds") < 60
    assert seen.of("turns", kind="upload") == 1
    assert seen.of("turns", kind="reboot") == 0
    assert seen.of("turns_max", kind="upload") == flashlog.settings.uploads_max
    assert second != first


def test_log_checkpoints_and_the_lag_of_the_read_models_are_told(
    app: Flask, flashlog: Flashlog
) -> None:
    operation_id = examples.operation(flashlog)
    end = flashlog.log.end()
    seen = told(app)
    assert seen.of("log_events_total") == end
    assert seen.of("log_bytes") > 4096
    assert seen.of("data_directory_free_bytes") > 0
    assert seen.of("projector_lag_events") == 0
    assert seen.of("projector_lag_seconds") == 0
    assert seen.of("checkpoint_events_total") == 0
    assert 0 < seen.of("checkpoint_age_seconds") < 3600
    examples.note(flashlog, operation_id, *examples.connected())
    behind = told(app)
    assert behind.of("projector_lag_events") == 3
    assert 0 <= behind.of("projector_lag_seconds") < 60


def test_phases_are_measured_from_the_log(app: Flask, flashlog: Flashlog) -> None:
    told(app)
    operation_id = examples.operation(flashlog)
    begun = flashlog.log.story(operation_id)[0].recorded_at
    examples.note(flashlog, operation_id, *examples.connected())
    between = flashlog.log.story(operation_id)[1].recorded_at
    told(app)
    examples.installed(flashlog, operation_id)
    ended = flashlog.log.story(operation_id)[-1].recorded_at
    seen = told(app)
    assert seen.of("phase_seconds_count", phase="queued") == 1
    queued = (between - begun).total_seconds()
    assert seen.of("phase_seconds_sum", phase="queued") == pytest.approx(queued)
    assert seen.of("operation_seconds_count", outcome="success") == 1
    whole = (ended - begun).total_seconds()
    assert seen.of("operation_seconds_sum", outcome="success") == pytest.approx(whole)
    assert seen.of("operation_seconds_bucket", outcome="success", le="+Inf") == 1


def test_of_an_operation_from_before_the_next_whole_phase_is_measured(
    flashlog: Flashlog,
) -> None:
    operation_id = examples.operation(flashlog)
    app = create_app(flashlog)
    examples.note(flashlog, operation_id, *examples.connected())
    examples.installed(flashlog, operation_id)
    seen = told(app)
    assert (
        "flashlog_phase_seconds_count",
        frozenset({("phase", "queued")}),
    ) not in seen
    assert seen.of("phase_seconds_count", phase="checking") == 1
    assert seen.of("operation_seconds_count", outcome="success") == 1


def test_requests_are_counted_by_route_and_never_by_what_a_stranger_chose(
    app: Flask,
) -> None:
    rule = f"{API}/upgrade-operation/<uuid:operation_id>/"
    path = f"{API}/upgrade-operation/{examples.NOBODY}/"
    first = told(app)
    before, lost = _counts(first, rule), _counts(first, "none")
    app.test_client().get(path)
    app.test_client().open(path, method="BREW")
    app.test_client().get("/wp-login.php")
    seen = told(app)
    after = _counts(seen, rule)
    assert after["GET", "401"] == before.get(("GET", "401"), 0) + 1
    nowhere = _counts(seen, "none")
    assert nowhere["other", "405"] == lost.get(("other", "405"), 0) + 1
    assert nowhere["GET", "404"] == lost.get(("GET", "404"), 0) + 1
    assert seen.of("request_seconds_count", route=rule, method="GET") >= 1
    labels = {text for _, pairs in seen for _, text in pairs}
    assert not any("wp-login" in text or "BREW" in text for text in labels)
    assert str(examples.NOBODY) not in labels


def _counts(seen: Told, rule: str) -> Mapping[tuple[str, str], float]:
    labelled = {
        tuple(dict(labels).get(key, "") for key in ("route", "method", "status")): value
        for (name, labels), value in seen.items()
        if name == "flashlog_requests_total"
    }
    return {(key[1], key[2]): n for key, n in labelled.items() if key[0] == rule}


def test_clients_and_who_was_sent_away_are_told(app: Flask, flashlog: Flashlog) -> None:
    from web.sockets.hub import hub_of

    before = told(app)
    client = hub_of(app).seat()
    assert client is not None
    CLIENTS_DROPPED.labels("slow").inc()
    after = told(app)
    hub_of(app).close()
    assert (before.of("feed_clients"), after.of("feed_clients")) == (0, 1)
    dropped = "feed_clients_dropped_total"
    assert after.of(dropped, reason="slow") == before.of(dropped, reason="slow") + 1
    hub_of(app).seat()
    full = told(app).of(dropped, reason="full")
    assert full == after.of(dropped, reason="full") + 1


@pytest.mark.parametrize("remote", ["127.0.0.1", "127.8.0.1", "::1"])
def test_without_a_token_this_machine_may_read(app: Flask, remote: str) -> None:
    answer = app.test_client().get("/metrics", environ_base={"REMOTE_ADDR": remote})
    assert answer.status_code == 200


@pytest.mark.parametrize("remote", ["10.0.0.9", "", "localhost"])
def test_without_a_token_nobody_else_may(app: Flask, remote: str) -> None:
    answer = app.test_client().get("/metrics", environ_base={"REMOTE_ADDR": remote})
    assert answer.status_code == 403
    assert b"flashlog_" not in answer.data
    assert "FLASHLOG_METRICS_TOKEN" in answer.get_json()["detail"]


@pytest.mark.parametrize("forwarded", [{}, {"X-Forwarded-For": "127.0.0.1"}])
def test_behind_a_proxy_nobody_is_of_this_machine(
    changed: Any, forwarded: dict[str, str]
) -> None:
    app = changed(behind_proxy=True)
    answer = app.test_client().get("/metrics", headers=forwarded)
    assert answer.status_code == 403


def test_with_a_token_it_is_wanted_from_everybody(changed: Any) -> None:
    app = changed(metrics_token="let me see", request_rate_limit="5/day")
    for shown in ("", "Bearer", "Bearer no", "Basic let me see", "Bearer ünsinn"):
        answer = app.test_client().get("/metrics", headers={"Authorization": shown})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    wrong = app.test_client().get("/metrics")
    assert wrong.status_code == 429, "guessing has a limit"
    assert told(app, Authorization="bearer let me see").of("log_events_total") > 0


def test_open_metrics_is_answered_to_who_asks_for_it(app: Flask) -> None:
    answer = app.test_client().get(
        "/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"}
    )
    assert answer.content_type.startswith("application/openmetrics-text")
    assert answer.data.endswith(b"# EOF\n")


def test_the_page_names_every_figure_and_no_other(
    app: Flask, flashlog: Flashlog
) -> None:
    answer = app.test_client().get("/metrics").text
    families = {
        family.name: family for family in text_string_to_metric_families(answer)
    }
    made = {
        name + ("_total" if family.type == "counter" else "")
        for name, family in families.items()
        if name.startswith("flashlog_")
    }
    page = (DOCS / "metrics.md").read_text()
    assert set(re.findall(r"^\| `(flashlog_\w+)", page, re.MULTILINE)) == made


def test_the_rules_ask_for_figures_that_there_are(app: Flask) -> None:
    page = (DOCS / "metrics.md").read_text()
    known = set(re.findall(r"^\| `(flashlog_\w+)", page, re.MULTILINE))
    rules = yaml.safe_load((DOCS / "examples" / "alerts.yml").read_text())
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in alerts}) == len(alerts) > 5
    for rule in alerts:
        asked = re.findall(r"flashlog_\w+", rule["expr"])
        assert asked, rule
        plain = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked}
        assert plain <= known, rule
        assert rule["annotations"]["summary"]


def test_nothing_of_people_or_routers_is_told(
    app: Flask, flashlog: Flashlog, people: Any, admin: Caller
) -> None:
    device_id = examples.device(flashlog)
    name = flashlog.views.rows("SELECT name FROM device")[0]["name"]
    admin.get(f"{API}/device/{device_id}/firmware/")
    text = app.test_client().get("/metrics").text
    for word in (str(device_id), name, "127.0.0.1", str(flashlog.settings.data_dir)):
        assert word not in text
