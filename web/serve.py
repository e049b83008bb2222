"""Commands that start parts of the service and keep them up."""

import logging
import os
from collections.abc import Sequence
from contextlib import ExitStack, closing, suppress

import msgspec

from application.audit.witnesses import witnesses_of
from application.flashlog import WEB, Flashlog
from application.notices.channels import channels_of
from application.settings import PREFIX, Settings, SettingsError, environment_of
from web.logs import begin_logging
from web.service.child import PYTHON, ROOT, Child, Program, python_path
from web.service.listening import LISTENER, SUPERVISOR, ServeError, listen, url_of
from web.service.probing import address_noted
from web.service.supervisor import Supervisor

__all__ = ["ServeError", "serve", "serve_web"]

_LOG = logging.getLogger(__name__)


def serve(
    settings: Settings, *, bind: str | None = None, behind_proxy: bool = False
) -> None:
    """Serve until SIGTERM or SIGINT; prints `ready http://…` when all parts are up.

    One service for each data directory. Raises ServeError, and what opening the data
    directory raises, before anything is started.
    """
    settings = _checked(settings, bind=bind, behind_proxy=behind_proxy)
    with closing(Flashlog(settings)) as flashlog, flashlog.serving() as is_alone:
        if not is_alone:
            msg = (
                f"a service of {settings.data_dir} is running already: use that "
                "one, stop it first, or set FLASHLOG_DATA_DIR to another directory"
            )
            raise ServeError(msg)
        _LOG.info("action=serving audit_key=%s", flashlog.audit.vkey)
        _run(settings, parts=("runner", "projector"), ready="/health/ready")


def serve_web(
    settings: Settings, *, bind: str | None = None, behind_proxy: bool = False
) -> None:
    """Serve REST, console and feed alone until SIGTERM or SIGINT; others visit routers.

    Any number for one installation. Each brings a projector, of which one is active
    and the others wait for it to go. Prints `ready http://…` when it answers. Raises
    as `serve` does.
    """
    settings = _checked(settings, bind=bind, behind_proxy=behind_proxy)
    with closing(Flashlog(settings)) as flashlog, flashlog.presence.of(WEB):
        _LOG.info("action=serving_web audit_key=%s", flashlog.audit.vkey)
        _run(settings, parts=("projector",), ready="/health/live")


def _checked(settings: Settings, *, bind: str | None, behind_proxy: bool) -> Settings:
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
    return settings


def _run(settings: Settings, *, parts: Sequence[str], ready: str) -> None:
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
        others = {
            name: Program(
                name=name,
                command=[*PYTHON, "web.service.part", name],
                directory=ROOT,
                environment=environment,
            )
            for name in parts
        }
        programs = others | {web.name: web}
        Supervisor(
            [
                Child(
                    programs[name],
                    backoff_seconds_max=settings.restart_backoff_max_seconds,
                )
                for name in _STOPPED
                if name in programs
            ],
            url=url,
            ready=ready,
            stop_seconds=settings.stop_seconds,
            announce=_announce,
        ).run()


# Whoever needs others is stopped before them.
_STOPPED = ("runner", "web", "projector")
_GUNICORN = ["-c", "python:web.gunicorn_conf", "wsgi:app"]
# The C library (glibc, mallopt(3)) gives every few threads a heap of their own and
# keeps what each once held. Python's threads take turns anyway: two are enough.
_THRIFTY = {"MALLOC_ARENA_MAX": "2"}


def _environment(settings: Settings) -> dict[str, str]:
    foreign = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
    return (
        _THRIFTY
        | foreign
        | environment_of(settings)
        | {SUPERVISOR: str(os.getpid()), "PYTHONPATH": python_path()}
    )


def _announce(line: str) -> None:
    with suppress(OSError):  # nobody may be listening
        print(line, flush=True)  # noqa: T201 - the one line that scripts wait for
