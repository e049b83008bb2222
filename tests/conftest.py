"""What holds for every test: a clean environment, and skips that are told."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.on_postgres import (
    databases_of_a_test,
    leave_out_sqlite,
    postgres_for_all,
)
from tests.order import longest_first
from tests.postgres import postgres_server, postgres_url
from tests.starting import compile_once, keep_bytecode, share_url_builders

# Fixtures for everybody.
__all__ = [
    "databases_of_a_test",
    "postgres_for_all",
    "postgres_server",
    "postgres_url",
]

# CI sets it: there everything is installed, so a skipped test is a hole.
NOTHING_SKIPPED = "FLASHLOG_TEST_NOTHING_SKIPPED"
_FORGOTTEN = (
    *("FLASHLOG_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "SSH_AUTH_SOCK"),
    # where `flashlog login` keeps the login of whoever runs the tests
    "XDG_CONFIG_HOME",
)
_NOWHERE = "/nonexistent/flashlog-tests"

keep_bytecode()
share_url_builders()


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("numprocesses", None):  # nobody's but of who starts workers
        compile_once()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    leave_out_sqlite(config, items)
    if said := getattr(config, "workerinput", None):
        items[:] = longest_first(items, said["workercount"])


@pytest.fixture(autouse=True, scope="session")
def _environment_of_nobody() -> Iterator[None]:
    """No setting, proxy, key or login of the person at the keyboard reaches a test."""
    kept = {
        name: os.environ.pop(name)
        for name in list(os.environ)
        if name.upper().startswith(_FORGOTTEN) and name != NOTHING_SKIPPED
    }
    os.environ["XDG_CONFIG_HOME"] = _NOWHERE
    yield
    del os.environ["XDG_CONFIG_HOME"]
    os.environ.update(kept)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if not hasattr(report, "wasxfail"):
        _fail_if_skipped(report)
        _tell_skips_together(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _fail_if_skipped(report)
    return report


def _fail_if_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    if report.skipped and os.environ.get(NOTHING_SKIPPED):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be skipped: {report.longrepr}"


def _tell_skips_together(report: pytest.TestReport) -> None:
    """Give all skips of one cause one place, so that pytest tells them in one line."""
    if report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        report.longrepr = (str(Path(__file__).parent), None, reason)  # type: ignore[assignment]  # pytest prints it so
