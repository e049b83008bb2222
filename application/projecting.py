"""The projector as a process of its own."""

from application.flashlog import Flashlog
from application.presence import Presence
from application.settings import Settings
from application.stopping import stop_at_signals

ROLE = "projector"

# How often a second projector looks whether the first has gone, in seconds.
_LOOK_SECONDS = 0.1


def run_projector(settings: Settings) -> None:
    """Keep the read models up with the log until SIGTERM or SIGINT.

    One at a time: where another process is the projector, this one waits for it to
    go and then takes over.
    """
    stop = stop_at_signals()
    flashlog = Flashlog(settings)
    try:
        while not stop.is_set():
            with flashlog.alone(ROLE) as is_alone:
                if is_alone:
                    with Presence(settings.data_dir).of(ROLE):
                        flashlog.projector.run(stop)
            stop.wait(_LOOK_SECONDS)
    finally:
        flashlog.close()
