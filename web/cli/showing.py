"""How operations look on a screen: a table of many, the whole story of one."""

from collections.abc import Sequence
from typing import Any

from application.watch import Moment
from web.cli import output


def print_operations(rows: Sequence[dict[str, Any]]) -> None:
    output.print_table(
        ["OPERATION", "STARTED", "DEVICE", "VERSION", "STATUS", "PHASE", "%"],
        [
            (
                row["id"][:8],
                output.moment(row["created"]),
                row["device"],
                row["version"] or row["image"],
                output.styled_status(row["status"]),
                row["phase"] if row["status"] == "in-progress" else "",
                row["progress"],
            )
            for row in rows
        ],
        empty="there is no such operation",
    )


def print_story(row: dict[str, Any], story: Sequence[Moment]) -> None:
    output.print_facts(
        {
            "operation": row["id"],
            "started by": story[0].by,
            "device": row["device"],
            "image": f"{row['image']} ({row['version']})",
            "options": [name for name, on in row["options"].items() if on],
            "retry of": row["retry_of"],
            "status": output.styled_status(row["status"]),
            "phase": row["phase"] if row["status"] == "in-progress" else "",
            "progress": f"{row['progress']}%",
            "owed to the router": row["owed"],
            "given up": row.get("given_up"),
        }
    )
    output.say()
    screen = output.console()
    for moment in story:
        if moment.line:
            by = f" ({moment.by})" if moment.by else ""
            output.tell(screen, output.moment(moment.at), f"{moment.line}{by}")
