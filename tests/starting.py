"""What starts again and again in tests, and need not begin from nothing each time."""

import compileall
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from werkzeug.routing import Rule

_Builder = Callable[..., tuple[str, str]]
_builders: dict[Any, _Builder] = {}
_compile_builder = Rule._compile_builder
_ROOT = Path(__file__).resolve().parents[1]


def keep_bytecode() -> None:
    """Let this process and its children keep what they compile.

    The tests start hundreds of processes; each would compile Flashlog anew.
    """
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def compile_once() -> None:
    """Compile what is new, before several workers do it all at the same moment."""
    for package in ("domain", "application", "web"):
        compileall.compile_dir(_ROOT / package, quiet=2)


def share_url_builders() -> None:
    """Compile a route's URL builder once for all applications of this process.

    Werkzeug writes a function for each of some hundred routes, which is most of what it
    costs to make an application; here they are many, and their routes the same.
    """
    Rule._compile_builder = _shared_builder  # type: ignore[method-assign, assignment]


def _shared_builder(rule: Rule, append_unknown: bool = True) -> _Builder:  # noqa: FBT001, FBT002  # Werkzeug calls it so
    converters = {name: type(one) for name, one in rule._converters.items()}
    key = (
        tuple(rule._trace),
        tuple(sorted((rule.defaults or {}).items())),
        tuple(converters.items()),
        append_unknown,
    )
    if key not in _builders:
        _builders[key] = _compile_builder(rule, append_unknown)
    return _builders[key]
