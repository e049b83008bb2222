"""The console in a browser: a mass upgrade of 10,000 opens, and follows what happens.

Frames are told by the browser itself: the gaps between its animation frames, and the
long animation frames that it reports, from 50 ms on. The same page is measured while
nothing happens: what it shows then is the machine's own noise.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict
from uuid import UUID

from playwright.sync_api import Browser, Page, sync_playwright

from application.commands.batches import Wish, start_batch
from application.commands.users import add_user
from application.flashlog import Flashlog
from application.settings import Settings, environment_of
from tests.application.stock import ROOT
from tests.benchmarks.fleet import DEVICES, SavedFleet
from tests.benchmarks.row import Row, at_least, at_most, for_comparison
from tests.benchmarks.size import size
from tests.console.visitor import Visitor
from tests.web.serving import eventually, serving

_ROOT = Path(__file__).parents[2]
_CHROMIUM = shutil.which("chromium")
_OPENED_MS, _FRAME_MS = 1000, 100
_RATE, _SECONDS = 200, size(10, quick=2)
_IDLE_SECONDS = size(5, quick=1)
_OPENED = size(7, quick=1)
_FILLED_LIMIT_SECONDS = 60
# The runner looks for work once, before there is any: here it is the measurement that
# tells what happens to the routers.
_NEVER_SECONDS = 3600.0

_WATCH = """() => {
  const seen = window.seen = { gaps: [], long: [], events: 0, shown: 0 };
  let last = performance.now();
  const frame = (now) => {
    seen.gaps.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  new PerformanceObserver((list) => {
    for (const each of list.getEntries()) seen.long.push(each.duration);
  }).observe({ type: "long-animation-frame" });
  document.addEventListener("flashlog:event", () => { seen.events += 1; });
  document.addEventListener("flashlog:shown", () => { seen.shown += 1; });
}"""
_FORGET = (
    "() => Object.assign(window.seen, { gaps: [], long: [], events: 0, shown: 0 })"
)
_OPENED_AFTER = "() => performance.getEntriesByType('navigation')[0].loadEventEnd"


class Seen(TypedDict):
    """What a page saw: in milliseconds, and counted."""

    gaps: list[float]
    long: list[float]
    events: int
    shown: int


def measure() -> list[Row]:
    """Measure all; raises RuntimeError where there is no browser."""
    if _CHROMIUM is None:
        raise RuntimeError("no Chromium: make test-tools installs it")
    with (
        tempfile.TemporaryDirectory(prefix="flashlog-bench-") as name,
        sync_playwright() as playwright,
    ):
        settings = Settings(
            data_dir=Path(name),
            bind="127.0.0.1:0",
            request_rate_limit="off",
            log_level="WARNING",
            poll_seconds=_NEVER_SECONDS,
        )
        flashlog = Flashlog(settings)
        try:
            build_id = SavedFleet(flashlog).builds[1][0]
            add_user(flashlog, username="bench", password="bench", is_superuser=True)
            flashlog.projector.catch_up()
            arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
            browser = playwright.chromium.launch(
                executable_path=_CHROMIUM, args=arguments
            )
            with serving(settings) as service:
                return list(_measured(browser, service.url, flashlog, build_id))
        finally:
            flashlog.close()


def _measured(
    browser: Browser, url: str, flashlog: Flashlog, build_id: UUID
) -> Iterator[Row]:
    batch_id = start_batch(flashlog, ROOT, build_id=build_id, wish=Wish())
    eventually(
        lambda: _made(flashlog, batch_id) == DEVICES, seconds=_FILLED_LIMIT_SECONDS
    )
    with Visitor.of(browser, url) as visitor:
        visitor.sign_in("bench", "bench")
        path = f"/mass-upgrades/{batch_id}/"
        opened = [_opened_ms(visitor, path) for _ in range(_OPENED)]
        name = f"console: batch of {DEVICES:,}"
        p50 = statistics.median(opened)
        yield at_most(f"{name} opens, p50", p50, "ms", _OPENED_MS)
        yield for_comparison(f"{name} opens, slowest", max(opened), "ms")

        page = visitor.page
        page.evaluate(_WATCH)
        page.wait_for_timeout(1000 * _IDLE_SECONDS)
        idle = _seen(page)
        page.evaluate(_FORGET)
        told = _happen(flashlog.settings, batch_id)
        # What was told last is still on its way.
        page.wait_for_function("count => window.seen.events >= count", arg=told)
        yield from _followed(f"{name},", _seen(page), idle)


def _made(flashlog: Flashlog, batch_id: UUID) -> int:
    row = flashlog.views.one("batch", str(batch_id))
    return int(row["in_progress"]) if row else 0


def _opened_ms(visitor: Visitor, path: str) -> float:
    """Return when all of the page was there, from the click on."""
    visitor.open(path)
    return float(visitor.page.evaluate(_OPENED_AFTER))


def _happen(settings: Settings, batch_id: UUID) -> int:
    """Let events happen in another process; returns how many it were."""
    begun = time.monotonic()
    done = subprocess.run(
        [
            sys.executable,
            *("-m", "tests.benchmarks.happening"),
            *(str(batch_id), str(_RATE), str(_SECONDS)),
        ],
        cwd=_ROOT,
        env=os.environ | environment_of(settings),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=6 * _SECONDS,
    )
    assert time.monotonic() - begun >= _SECONDS
    return int(done.stdout)


def _seen(page: Page) -> Seen:
    seen: Seen = page.evaluate("() => window.seen")
    return seen


def _followed(name: str, busy: Seen, idle: Seen) -> Iterator[Row]:
    per_second = busy["events"] / _SECONDS
    yield at_least(f"{name} events followed", per_second, "/s", 0.95 * _RATE)
    yield for_comparison(f"{name} shown anew", busy["shown"] / _SECONDS, "/s")
    longest = max(busy["long"], default=0.0)
    yield at_most(f"{name} longest frame at {_RATE}/s", longest, "ms", _FRAME_MS)
    gap, noise = max(busy["gaps"]), max(idle["gaps"])
    yield at_most(f"{name} longest gap at {_RATE}/s", gap, "ms", _FRAME_MS)
    yield for_comparison(f"{name} longest gap while nothing happens", noise, "ms")
    load, _, _ = os.getloadavg()
    yield for_comparison("console: load of the machine meanwhile", load, "")
