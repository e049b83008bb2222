"""Lines of the log: for people or for programs, marked with what they belong to."""

import json
import logging
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from application.observing.marks import mark, marked, marks
from application.settings import Settings, SettingsError
from web.logs import FORMAT, JSON, Console, begin_logging, log_config


def record(message: str, *values: object, **more: Any) -> logging.LogRecord:
    made = logging.LogRecord("web.x", logging.INFO, "x.py", 1, message, values, None)
    vars(made).update(more)
    return made


def test_a_line_for_programs_is_one_object_with_its_marks() -> None:
    operation_id = uuid4()
    with marked(operation=operation_id, device="d"):
        line = JSON().format(
            record("action=moved it is %d\nlines", 2, said={"status": 200, "ms": 1.5})
        )
    assert "\n" not in line
    told = json.loads(line)
    assert told.pop("time").startswith("20")
    assert told == {
        "level": "INFO",
        "logger": "web.x",
        "message": "action=moved it is 2\nlines",
        "action": "moved",
        "operation": str(operation_id),
        "device": "d",
        "status": 200,
        "ms": 1.5,
    }


def test_a_traceback_is_in_the_object() -> None:
    try:
        int("why")
    except ValueError as error:
        made = record("it failed")
        made.exc_info = (type(error), error, error.__traceback__)
    line = JSON().format(made)
    assert "\n" not in line
    assert json.loads(line)["exception"].endswith("10: 'why'")


def test_a_line_for_people_ends_with_marks_that_it_does_not_tell_itself() -> None:
    with marked(request_id="r1", operation="o1"):
        line = Console(FORMAT).format(record("action=x request_id=%s", "r1"))
    assert line.endswith("INFO web.x action=x request_id=r1 operation=o1")


@pytest.mark.parametrize("form", [Console(FORMAT), JSON()])
def test_nobody_writes_lines_of_ours_or_speaks_to_the_terminal(
    form: logging.Formatter,
) -> None:
    said = "no\n2026 ERROR web.x forged\r\x1b[2J\x9b2J\u2028end"
    line = form.format(record("a router said %s", said))
    assert len(line.splitlines()) == 1
    assert "\x1b" not in line
    assert "forged" in line


def test_marks_end_with_their_block_and_with_the_next_request() -> None:
    mark(request_id="a")
    with marked(operation="o"):
        assert marks() == {"request_id": "a", "operation": "o"}
    assert marks() == {"request_id": "a"}
    mark()
    assert marks() == {}


@pytest.mark.parametrize(
    ("variable", "value"), [("log_format", "xml"), ("log_level", "LOUD")]
)
def test_a_format_or_level_that_there_is_not_is_refused(
    tmp_path: Path, variable: str, value: str
) -> None:
    settings = Settings(data_dir=tmp_path, **{variable: value})  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match=value):
        begin_logging(settings)


def test_the_setting_chooses_the_form(tmp_path: Path) -> None:
    for form, kind in (("json", JSON), ("Console", Console)):
        config = log_config(Settings(data_dir=tmp_path, log_format=form))
        assert config["formatters"]["line"]["()"] is kind
