"""One part of the service as a process: `python -m web.service.part runner`."""

import os
import sys
from collections.abc import Callable, Mapping

from application.observing.tracing import begin_tracing
from application.projecting import run_projector
from application.runner import run_runner
from application.settings import Settings, load_settings
from web.logs import begin_logging
from web.service.lifeline import die_with
from web.service.listening import SUPERVISOR

# Each runs until SIGTERM or SIGINT, and shows that it is present meanwhile.
PARTS: Mapping[str, Callable[[Settings], None]] = {
    "runner": run_runner,
    "projector": run_projector,
}


def main() -> None:
    if SUPERVISOR in os.environ:
        die_with(int(os.environ[SUPERVISOR]))
    settings = load_settings()
    begin_logging(settings)
    begin_tracing(sys.argv[1])
    PARTS[sys.argv[1]](settings)


if __name__ == "__main__":
    main()
