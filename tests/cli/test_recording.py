"""`flashlog audit record` as a person uses it."""

from pathlib import Path
from uuid import uuid4

from application.simulation.recording import Recording
from tests.cli.conftest import Cli
from tests.recordings.making import HERE
from tests.recordings.playing import Played


def test_what_was_said_to_a_router_is_written_to_a_file(
    cli: Cli, tmp_path: Path
) -> None:
    lines = (HERE / "image-refused.jsonl").read_bytes().splitlines(keepends=True)
    with Played(tmp_path / "data", lines) as played:
        played.play()
    written, operation = tmp_path / "roof.jsonl", str(played.operation_id)

    said = cli("audit", "record", operation[:8], "--output", written)
    content = written.read_bytes()
    count = content.count(b"\n")
    assert (said.status, said.out) == (0, f"wrote {written}: {count} lines\n")
    assert Recording.read(content.splitlines()).head.operation == played.operation_id
    assert written.stat().st_mode & 0o077 == 0

    assert cli("audit", "record", operation, "--output", written).status != 0
    assert written.read_bytes() == content
    assert cli("audit", "record", operation).out == content.decode()
    again = tmp_path / "again.jsonl"
    told = cli("audit", "record", operation, "-o", again, "--json").json
    assert told == {"file": str(again), "lines": count}


def test_of_no_operation_nothing_is_written(cli: Cli, tmp_path: Path) -> None:
    written = tmp_path / "roof.jsonl"
    said = cli("audit", "record", str(uuid4()), "--output", written)
    assert said.status != 0
    assert "operation" in said.err
    assert not written.exists()
