"""What is logged and where: lines on standard error, for whoever collects them."""

import logging.config
import re
from datetime import UTC, datetime
from typing import Any

import msgspec

from application.observing.marks import marks
from application.settings import Settings, SettingsError

FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"

_ACTION = re.compile(r"action=(\w+)")
# What would begin another line, or speak to the terminal of who reads.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Console(logging.Formatter):
    """One line for people, its marks at the end; a traceback comes below it."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - its name
        line = _CONTROL.sub(_visible, super().formatMessage(record))
        # An id that the message itself tells is not told twice.
        more = [f"{k}={v}" for k, v in marks().items() if v not in record.message]
        return " ".join([line, *more])


class JSON(logging.Formatter):
    """One object a line: time, level, logger, message, marks, and what else is said.

    `extra={"said": {…}}` of a logging call adds its own keys.
    """

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        action = _ACTION.match(message)
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname,
            "logger": record.name,
            "message": message,
            **({"action": action[1]} if action else {}),
            **marks(),
            **getattr(record, "said", {}),
        }
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        line = msgspec.json.encode(told, enc_hook=str).decode()
        return _CONTROL.sub(_as_json, line)


FORMATS: dict[str, type[logging.Formatter]] = {"console": Console, "json": JSON}


def begin_logging(settings: Settings) -> None:
    """Let this process log as the settings say. Raises SettingsError."""
    if settings.log_level.upper() not in logging.getLevelNamesMapping():
        msg = f"{settings.log_level!r} is not a log level: say INFO or WARNING"
        raise SettingsError(msg)
    if settings.log_format.lower() not in FORMATS:
        msg = f"{settings.log_format!r} is not a log format: say console or json"
        raise SettingsError(msg)
    logging.config.dictConfig(log_config(settings))


def log_config(settings: Settings) -> dict[str, Any]:
    """Return the configuration for `logging.config.dictConfig`."""
    form = FORMATS[settings.log_format.lower()]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": form, "fmt": FORMAT}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"level": settings.log_level.upper(), "handlers": ["stderr"]},
        "loggers": {
            # One line a connection to a router is more than anybody reads.
            "paramiko": {"level": "ERROR"},
            "gunicorn.error": {"level": "WARNING", "propagate": True, "handlers": []},
            "gunicorn.access": {"level": "WARNING", "propagate": True, "handlers": []},
        },
    }


def _visible(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def _as_json(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
