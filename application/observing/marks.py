"""Which request, operation and device a line of the log belongs to.

Marks belong to the thread that does the work; whoever writes lines asks for them.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_NONE: Mapping[str, str] = {}
_marks: ContextVar[Mapping[str, str]] = ContextVar("marks", default=_NONE)


def marks() -> Mapping[str, str]:
    """Return the marks of what this thread does now."""
    return _marks.get()


@contextmanager
def marked(**more: object) -> Iterator[None]:
    """Mark everything that is done until the block ends."""
    token = _marks.set({**_marks.get(), **_as_texts(more)})
    try:
        yield
    finally:
        _marks.reset(token)


def mark(**all_of_them: object) -> None:
    """Mark what comes, instead of what this thread was marked with before."""
    _marks.set(_as_texts(all_of_them))


def _as_texts(given: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in given.items()}
