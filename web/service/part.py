"""One part of the service as a process: `python -m web.service.part runner`."""

import logging.config
import os
import sys

from application.presence import Presence
from application.projecting import run_projector
from application.runner import run_runner
from application.settings import Settings, load_settings
from web.logs import log_config
from web.service.lifeline import die_with
from web.service.listening import SUPERVISOR


def run_part(name: str, settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; whoever asks for our health sees it meanwhile."""
    if name == "projector":
        run_projector(settings)
        return
    with Presence(settings.data_dir).of("runner"):
        run_runner(settings)


def main() -> None:
    if SUPERVISOR in os.environ:
        die_with(int(os.environ[SUPERVISOR]))
    settings = load_settings()
    logging.config.dictConfig(log_config(settings.log_level))
    run_part(sys.argv[1], settings)


if __name__ == "__main__":
    main()
