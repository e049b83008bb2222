"""No input of a script on a router is ever read as a command.

Every value goes in quoted (`application/router/test_rendering.py` fuzzes that with the
real shell); here every script's own text is held to it: nothing is evaluated again,
and inputs are expanded within quotes.
"""

import re
from collections.abc import Iterator

import pytest

from application.scripts import SCRIPTS, render

# Where words are meant to be split, and where the shell does not split.
_SPLIT = {"services", "owed_services", "flags"}
_EVALUATING = re.compile(
    r"(?:^|[;&|({\s])(eval|source|\.(?=\s+[^/\s])|(?:/bin/)?(?:ba|a)?sh\s+-c)\s",
    re.MULTILINE,
)
# An assignment, an arithmetic expression and the word of a `case` are not split.
_WHOLE = re.compile(r"(?:^|[\s;(])[A-Za-z_]\w*=\S*$|\$\(\([^()]*$|\bcase $")


def body_of(name: str) -> str:
    inputs = dict.fromkeys(SCRIPTS[name].all_inputs, "x")
    lines = render(name, **inputs).splitlines()
    return "\n".join(lines[1 + len(inputs) :])


def unquoted(body: str, name: str) -> Iterator[str]:
    """Yield what stands before each expansion of an input outside of quotes."""
    quote = ""
    for place, letter in enumerate(body):
        if letter == "\\" and quote != "'":
            continue
        if letter in "'\"" and quote in {"", letter} and body[place - 1] != "\\":
            quote = "" if quote else letter
        if quote != "'" and re.match(rf"\$\{{?{name}\b", body[place:]):
            line = body[:place].rpartition("\n")[2]
            # Quotes within `$(…)` are quotes of their own.
            if not quote and line[-1:] != '"' and not _WHOLE.search(line):
                yield line


@pytest.mark.parametrize("script", SCRIPTS)
def test_inputs_are_expanded_within_quotes(script: str) -> None:
    body = body_of(script)
    found = {
        (name, before)
        for name in set(SCRIPTS[script].all_inputs) - _SPLIT
        for before in unquoted(body, name)
    }
    assert found == set()


@pytest.mark.parametrize("script", SCRIPTS)
def test_nothing_is_evaluated_but_the_command_of_a_health_check(script: str) -> None:
    # It makes the variable whose name the scripts' own text says.
    body = body_of(script).replace('eval "$1="', "")
    found = {each.strip() for each in _EVALUATING.findall(body)}
    assert found <= ({"sh -c", "ash -c", "/bin/sh -c"} if script == "health" else set())


def test_what_is_looked_for_would_be_found() -> None:
    assert list(unquoted('echo "$path"; rm $path', "path")) == ['echo "$path"; rm ']
    assert list(unquoted("x=$path; case $path in", "path")) == []
    assert _EVALUATING.search("  eval $x")
