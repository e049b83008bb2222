"""Who does the work that a command asks for: a service, or else this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from web.cli import exits, output, watching
from web.cli.installation.ports import Installation


def go_on(
    installation: Installation, operation_id: UUID, *, wants_watch: bool, as_json: bool
) -> int:
    """Leave a started operation to the service, or run it here where there is none."""
    operations = installation.operations
    if not installation.is_worked:
        output.notice(
            "no service is running, so this command does the work itself: "
            f"operation {operation_id}"
        )
        try:
            return watching.follow(
                operations.follow(operation_id, works=True),
                operation_id,
                title=operations.show(operation_id)["device"],
                as_json=as_json,
            )
        except KeyboardInterrupt:
            output.notice(
                "\nstopped here, not cancelled: `flashlog serve` goes on with it, "
                f"`flashlog operation cancel {operation_id}` ends it"
            )
            raise
    if wants_watch:
        return look_on(installation, operation_id, as_json=as_json)
    row = operations.show(operation_id)
    if as_json:
        output.print_json(row)
    else:
        output.say(f"started operation {operation_id}")
        output.say(f"follow it: flashlog operation watch {operation_id}")
    is_over = row["status"] != "in-progress"
    return exits.exit_of_status(row["status"]) if is_over else exits.DONE


def look_on(installation: Installation, operation_id: UUID, *, as_json: bool) -> int:
    """Follow an operation that somebody else works on, to its end."""
    operations = installation.operations
    with goes_on_without_us(f"operation watch {operation_id}"):
        return watching.follow(
            operations.follow(operation_id),
            operation_id,
            title=operations.show(operation_id)["device"],
            as_json=as_json,
        )


@contextmanager
def goes_on_without_us(command: str) -> Iterator[None]:
    """Say to who stops watching that nothing else stops, and how to look again."""
    try:
        yield
    except KeyboardInterrupt:
        output.notice(f"\nit goes on; look again: flashlog {command}")
        raise
