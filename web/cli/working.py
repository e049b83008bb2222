"""Who does the work that a command asks for: the service, or else this process."""

from threading import Event
from time import monotonic, sleep
from uuid import UUID

from application.flashlog import Flashlog
from application.foreground import run_operation
from application.queries.overview import operation_by_name
from application.watch import moments
from web.cli import exits, output, watching

# How long to wait for the service to give back what a cancelled upgrade had taken.
_GIVE_BACK_SECONDS = 5.0
_LOOK_SECONDS = 0.1


def go_on(
    flashlog: Flashlog, operation_id: UUID, *, wants_watch: bool, as_json: bool
) -> int:
    """Leave a started operation to the service, or run it here where there is none."""
    if not flashlog.is_worked():
        output.notice(
            "no service is running, so this command does the work itself: "
            f"operation {operation_id}"
        )
        try:
            return watching.run_and_follow(flashlog, operation_id, as_json=as_json)
        except KeyboardInterrupt:
            output.notice(
                "\nstopped here, not cancelled: `flashlog serve` goes on with it, "
                f"`flashlog operation cancel {operation_id}` ends it"
            )
            raise
    if wants_watch:
        return watching.follow(flashlog, operation_id, as_json=as_json)
    row = operation_by_name(flashlog, operation_id)
    if as_json:
        output.print_json(row)
    else:
        output.say(f"started operation {operation_id}")
        output.say(f"follow it: flashlog operation watch {operation_id}")
    is_over = row["status"] != "in-progress"
    return exits.exit_of_status(row["status"]) if is_over else exits.DONE


def give_back(flashlog: Flashlog, operation_id: UUID) -> None:
    """See what an ended operation owes given back; who does not answer is left."""
    if flashlog.is_worked():
        deadline = monotonic() + _GIVE_BACK_SECONDS
        while not moments(flashlog, operation_id)[-1].is_over:
            if monotonic() > deadline:
                return
            sleep(_LOOK_SECONDS)
        flashlog.show(flashlog.log.end())
        return
    stop = Event()
    while not (story := moments(flashlog, operation_id))[-1].is_over:
        before = len(story)
        run_operation(flashlog, operation_id, stop)
        if len(moments(flashlog, operation_id)) == before:
            return
