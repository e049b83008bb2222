"""Every way in which an operation ends is told with what a person is to do next."""

import ast
import inspect
from collections.abc import Iterator
from types import ModuleType

import pytest

from application.commands import beginning
from application.errors import HostKeyChangedError
from application.procedure import (
    advance,
    attempt,
    checks,
    flash,
    look,
    outcome,
    packages,
    patience,
    room,
    unrebooted,
    upload,
)
from domain import compatibility, identity, options
from domain.operation.words import Status
from web.console.next_steps import CLASSES, next_step

_GENERAL = {"aborted", "failed", "failed before the flash"}
_ABORTING: tuple[ModuleType, ...] = (
    advance,
    attempt,
    beginning,
    checks,
    compatibility,
    identity,
    options,
    packages,
    room,
    upload,
)
_FAILING: tuple[ModuleType, ...] = (advance, flash, look, outcome, patience, unrebooted)
# Where a reason is raised, or handed on to whoever ends the operation.
_SAID_BY = {
    "RefusedStepError",
    "OptionsRefusedError",
    "IdentityRefusedError",
    "WrongOutcomeError",
    "give_up",
    "_abort",
    "_fail_before_reboot",
}
# These names hold what is said by one of them later.
_NAMED = {"msg", "message", "reason"}
# What others say is put into it: the words of the reason are told by those.
_HANDED_ON = {"X", "X: X"}

# They do not end an operation unless it was retried in vain.
_RETRIED = {
    "the image on the router is not what was sent: X of X bytes differ",
    "the upload did not end within X s",
}
# What else is said beside the ways to fail: facts, and proofs of success.
_NO_REASONS = {
    "flash started; the router ends every session and reboots",
    "the session ended while the flash was being started: X",
    "the marker could not be written: X",
    "new boot id and wiped canary file",
    "new boot id and revision",
}


def _reasons(module: ModuleType) -> Iterator[str]:
    """Return the sentences of a module that may become a reason."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Call) and _name(node.func) in _SAID_BY:
            yield from filter(None, map(_text, node.args))
        if isinstance(node, ast.Assign) and _name(node.targets[0]) in _NAMED:
            yield from filter(None, [_text(node.value)])
        if isinstance(node, ast.Return) and node.value is not None:
            text = _text(node.value)
            if text and " " in text.strip():
                yield text


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _text(node: ast.expr) -> str:
    """Return a text as it may look in the end, with X for what is put into it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (
            str(each.value) if isinstance(each, ast.Constant) else "X"
            for each in node.values
        )
        return "".join(parts)
    return ""


def _all(modules: tuple[ModuleType, ...]) -> list[str]:
    found = {text for module in modules for text in _reasons(module)}
    return sorted(text for text in found if " " in text and text not in _HANDED_ON)


def test_the_reasons_are_found_in_the_code() -> None:
    aborting, failing = _all(_ABORTING), _all(_FAILING)
    assert any("not enough memory" in text for text in aborting)
    assert any("is not for this board" in text for text in aborting)
    assert any("old firmware" in text for text in failing)
    assert len(aborting) > 15
    assert len(failing) > 5


def test_every_reason_of_an_abort_has_advice_of_its_own() -> None:
    general = {
        text for text in _all(_ABORTING) if _class(Status.ABORTED, text) in _GENERAL
    }
    assert general == _RETRIED | {"X MiB"}


def test_every_reason_of_a_failure_after_the_flash_has_advice_of_its_own() -> None:
    general = {
        text
        for text in _all(_FAILING)
        if _class(Status.FAILED, text, has_begun_flash=True) in _GENERAL
    }
    assert general == _NO_REASONS


@pytest.mark.parametrize("cause", sorted(_RETRIED))
def test_what_was_retried_in_vain_has_advice_of_its_own(cause: str) -> None:
    assert _class(Status.FAILED, f"{cause} (tried 5 times)") == "not reached"


@pytest.mark.parametrize(
    ("status", "reason", "has_begun_flash", "expected"),
    [
        (Status.SUCCESS, "", True, "success"),
        (Status.SUCCESS, "the image is installed already", False, "success"),
        (Status.CANCELLED, "", False, "cancelled"),
        (Status.ABORTED, "some new reason", False, "aborted"),
        (Status.FAILED, "some new reason", True, "failed"),
        (Status.FAILED, "some new reason", False, "failed before the flash"),
        (Status.FAILED, "10.0.0.7: no route (tried 5 times)", False, "not reached"),
        (
            Status.FAILED,
            "10.0.0.7 port 22 as root: the log-in was refused. (tried 5 times)",
            False,
            "log-in",
        ),
        (
            Status.FAILED,
            "21 attempts were cut short by a crash or restart",
            False,
            "interrupted",
        ),
        (Status.FAILED, "internal error: boom (tried 5 times)", False, "internal"),
        (
            Status.FAILED,
            "the router never came back as it should (50 looks): log-in was refused",
            True,
            "never back",
        ),
        (
            Status.ABORTED,
            str(HostKeyChangedError(address="a", expected="b", found="c")),
            False,
            "host key",
        ),
    ],
)
def test_endings_are_told_apart(
    status: Status, reason: str, *, has_begun_flash: bool, expected: str
) -> None:
    assert _class(status, reason, has_begun_flash=has_begun_flash) == expected


def test_while_it_goes_on_nothing_is_to_be_done() -> None:
    assert next_step(Status.IN_PROGRESS, "", has_begun_flash=False) is None


def test_every_status_that_is_an_ending_has_advice() -> None:
    assert {str(status) for status in Status} - {Status.IN_PROGRESS} <= CLASSES


def _class(status: str, reason: str, *, has_begun_flash: bool = False) -> str:
    found = next_step(status, reason, has_begun_flash=has_begun_flash)
    assert found is not None
    assert found.sentence
    return found.name
