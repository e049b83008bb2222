"""One command that starts web, runner and projector and keeps them up."""

import logging
import os
from contextlib import ExitStack, suppress

import msgspec

from application.audit.witnesses import witnesses_of
from application.flashlog import Flashlog
from application.notices.channels import channels_of
from application.settings import PREFIX, Settings, SettingsError, environment_of
from web.logs import begin_logging
from web.service.child import PYTHON, ROOT, Child, Program, python_path
from web.service.listening import LISTENER, SUPERVISOR, ServeError, listen, url_of
from web.service.probing import address_noted
from web.service.supervisor import Supervisor

__all__ = ["ServeError", "serve"]

_LOG = logging.getLogger(__name__)


def serve(
    settings: Settings, *, bind: str | None = None, behind_proxy: bool = False
) -> None:
    """Serve until SIGTERM or SIGINT; prints `ready http://…` when all parts are up.

    One service for each data directory. Raises ServeError, and what opening the data
    directory raises, before anything is started.
    """
    settings = msgspec.structs.replace(
        settings,
        bind=bind or settings.bind,
        behind_proxy=behind_proxy or settings.behind_proxy,
        data_dir=settings.data_dir.absolute(),
    )
    try:
        begin_logging(settings)
        channels_of(settings)
        witnesses_of(settings.witnesses)
    except SettingsError as error:
        raise ServeError(str(error)) from None
    flashlog = Flashlog(settings)
    try:
        with flashlog.serving() as is_alone:
            if not is_alone:
                msg = (
                    f"a service of {settings.data_dir} is running already: use that "
                    "one, stop it first, or set FLASHLOG_DATA_DIR to another directory"
                )
                raise ServeError(msg)
            _LOG.info("action=serving audit_key=%s", flashlog.audit.vkey)
            _run(settings)
    finally:
        flashlog.close()


def _run(settings: Settings) -> None:
    with ExitStack() as stack:
        listener = stack.enter_context(listen(settings))
        url = url_of(listener)
        stack.enter_context(address_noted(settings.data_dir, url))
        environment = _environment(settings)
        web = Program(
            name="web",
            command=[*PYTHON, "gunicorn", *_GUNICORN],
            # gunicorn looks in the working directory, whatever -P says.
            directory=ROOT,
            environment=environment | {LISTENER: str(listener.fileno())},
            inherited=[listener.fileno()],
        )
        parts = [
            Program(
                name=name,
                command=[*PYTHON, "web.service.part", name],
                directory=ROOT,
                environment=environment,
            )
            for name in ("runner", "projector")
        ]
        runner, projector = parts
        Supervisor(
            [
                Child(each, backoff_seconds_max=settings.restart_backoff_max_seconds)
                for each in (runner, web, projector)
            ],
            url=url,
            stop_seconds=settings.stop_seconds,
            announce=_announce,
        ).run()


_GUNICORN = ["-c", "python:web.gunicorn_conf", "wsgi:app"]


def _environment(settings: Settings) -> dict[str, str]:
    foreign = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
    return (
        foreign
        | environment_of(settings)
        | {SUPERVISOR: str(os.getpid()), "PYTHONPATH": python_path()}
    )


def _announce(line: str) -> None:
    with suppress(OSError):  # nobody may be listening
        print(line, flush=True)  # noqa: T201 - the one line that scripts wait for
