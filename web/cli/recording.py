"""`flashlog audit record`: what was said to a router, as one file."""

import sys
from pathlib import Path

import click

from application.queries.finding import find_operation
from application.recordings.operation_file import recorded_operation
from web.cli import exits, output
from web.cli.arguments import operation_argument
from web.cli.here import Here, json_option, pass_here


@click.command()
@operation_argument
@click.option(
    "--output",
    "-o",
    "target",
    metavar="FILE",
    help="A new file [default: standard output].",
)
@json_option
@pass_here
def record(here: Here, *, operation_id: str, target: str | None, as_json: bool) -> int:
    """Write the recordings of an operation as one file.

    Every command of every visit with its answer, and the events that came of it, as
    JSON lines. The simulated router plays it back, so that what failed on a roof
    becomes a test. No password is in it, but names and addresses of the router are.

    \b
    Examples:
      flashlog audit record 3f2a9c --output roof-7.jsonl
      flashlog audit record 3f2a9c | jq -c 'select(.kind == "command")'
    """
    found = find_operation(here.flashlog, operation_id)
    lines = list(recorded_operation(here.flashlog, found))
    if target in {None, "-"}:
        sys.stdout.buffer.writelines(lines)
        sys.stdout.buffer.flush()
        return exits.DONE
    path = Path(target or "")
    output.write_new(path, b"".join(lines))
    if as_json:
        output.print_json({"file": str(path), "lines": len(lines)})
    else:
        output.say(f"wrote {path}: {output.counted(len(lines), 'line')}")
    return exits.DONE
