"""Where `flashlog` begins: before its modules are there, Ctrl-C just ends it."""

import signal


def main() -> None:
    """Load the command line, then run it; a person who is faster sees no traceback."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from web.cli.main import main as run  # noqa: PLC0415 - that is what takes long

    signal.signal(signal.SIGINT, signal.default_int_handler)
    run()
