"""What people see while they watch: on a terminal, and in a pipe."""

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast
from uuid import uuid4

import pytest
from rich.console import Console

from application.watch import Moment
from web.cli import exits, output, watching, watching_batches
from web.cli.installation.ports import Installation, Row
from web.cli.working import goes_on_without_us

AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
LONG = "Connected to 10.0.0.7, host key ssh-ed25519 SHA256:abc, starting the upgrade"


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """A terminal of 60 columns."""
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=60, highlight=False)
    monkeypatch.setattr(output, "console", lambda stream=None: console)
    return file


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def moment(event: str, line: str, **others: Any) -> Moment:
    facts: dict[str, Any] = {
        "status": "in-progress",
        "phase": "uploading",
        "progress": 40,
        "owed": (),
        "held": "",
        "is_over": False,
    }
    return Moment(
        position=1,
        at=AT,
        event=event,
        line=line,
        by="",
        next_visit_at=None,
        **(facts | others),
    )


MOMENTS = [
    moment("Connected", LONG),
    moment("UploadAdvanced", "Uploaded 1.0 MiB of 3.0 MiB"),
    moment("Failed", "Upgrade failed: [no] answer", status="failed", is_over=True),
]


def test_long_lines_hang_below_their_text_on_a_terminal(screen: io.StringIO) -> None:
    operation_id = uuid4()
    status = watching.follow(MOMENTS, operation_id, title="roof-7", as_json=False)
    assert status == exits.FAILED
    lines = plain(screen.getvalue()).splitlines()
    begun = next(i for i, line in enumerate(lines) if "Connected to" in line)
    assert re.match(r"\d\d:\d\d:\d\dZ  Connected", lines[begun])
    assert re.match(r" {11}\S", lines[begun + 1])
    text = "\n".join(lines)
    assert "roof-7" in text
    assert "Upgrade failed: [no] answer" in text
    # The bar tells it.
    assert not re.search(r"\d\d:\d\d:\d\dZ  Uploaded", text)
    assert f"failed (operation {operation_id})" in text


def test_in_a_pipe_each_line_stands_for_itself(
    capsys: pytest.CaptureFixture[str],
) -> None:
    watching.follow(MOMENTS, uuid4(), title="roof-7", as_json=False)
    out = capsys.readouterr().out
    assert "\x1b" not in out
    first, second, *_ = out.splitlines()
    assert first.endswith(f"40%  uploading         {LONG}")
    assert second.endswith("Uploaded 1.0 MiB of 3.0 MiB")


def _row(**counts: int) -> Row:
    nought = dict.fromkeys(("success", "failed", "aborted", "cancelled"), 0)
    ended = nought | counts
    in_progress = 3 - sum(ended.values())
    return {
        "id": str(uuid4()),
        "build_version": "24.10.0",
        "status": "in-progress" if in_progress else "failed",
        "held": "",
        "target_count": 3,
        "in_progress": in_progress,
        **ended,
    }


class Batches:
    """A batch that goes on by itself."""

    def show(self, batch_id: object) -> Row:
        return _row()

    def follow(self, batch_id: object, *, works: bool) -> Iterator[Row]:
        yield _row()
        yield _row(success=1, failed=1)
        yield _row(success=2, failed=1)

    def ended(self, batch_id: object, *, status: str, limit: int) -> list[Row]:
        assert (status, limit) == ("failed", 1)
        return [{"id": "3f2a9c12-x", "device": "roof-7", "modified": AT.isoformat()}]


class Place:
    """An installation with nothing but batches."""

    is_worked = True
    batches = Batches()


def watch_batch(*, as_json: bool = False) -> int:
    place = cast("Installation", Place())
    return watching_batches.follow_or_work(place, uuid4(), as_json=as_json)


def test_a_router_that_failed_is_named_while_its_batch_goes_on(
    screen: io.StringIO,
) -> None:
    assert watch_batch() == exits.FAILED
    text = plain(screen.getvalue())
    assert len(re.findall(r"failed  roof-7 \(operation 3f2a9c12\)", text)) == 1
    assert "24.10.0" in text
    assert "3 of 3 done" in text


def test_a_batch_is_plain_in_a_pipe_and_lines_in_json(
    capsys: pytest.CaptureFixture[str],
) -> None:
    watch_batch()
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("in-progress: 0 of 3 done")
    assert said[1].endswith("failed  roof-7 (operation 3f2a9c12)")
    assert said[-1].endswith(": failed")
    assert [line for line in said if line != line.rstrip()] == []
    watch_batch(as_json=True)
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_notices_stand_above_the_bar(
    screen: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    operation_id = uuid4()

    def told() -> Iterator[Moment]:
        yield MOMENTS[0]
        output.notice("the link is lost; trying again")
        yield MOMENTS[-1]

    watching.follow(told(), operation_id, title="roof", as_json=False)
    assert "the link is lost; trying again\n" in plain(screen.getvalue())
    assert capsys.readouterr().err == ""
    output.notice("no bar moves any more")
    assert capsys.readouterr().err == "no bar moves any more\n"


def test_who_stops_watching_is_told_how_to_look_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(KeyboardInterrupt), goes_on_without_us("batch watch 3f2a9c"):
        raise KeyboardInterrupt
    assert "flashlog batch watch 3f2a9c" in capsys.readouterr().err


@pytest.mark.parametrize(("width", "is_table"), [(80, True), (40, False)])
def test_a_table_that_is_too_wide_is_told_row_by_row(
    monkeypatch: pytest.MonkeyPatch, *, width: int, is_table: bool
) -> None:
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=width, highlight=False)
    monkeypatch.setattr(output, "console", lambda stream=None: console)
    output.print_table(
        ["OPERATION", "STARTED", "DEVICE", "VERSION", "PHASE"],
        [("3f2a9cde", "2026-05-01 12:00:00", "roof-7", "24.10.0 r28427-6df0e3d", "")],
        empty="none",
    )
    shown = plain(file.getvalue())
    assert ("OPERATION" in shown) == is_table
    assert max(map(len, shown.splitlines())) <= width
    if not is_table:
        assert [line.strip() for line in shown.splitlines()] == [
            "3f2a9cde",
            "started  2026-05-01 12:00:00",
            "device   roof-7",
            "version  24.10.0 r28427-6df0e3d",
        ]
