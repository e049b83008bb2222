import shutil
import string
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.scripts import SCRIPTS, TEXT_BYTES_MAX, quote, render

needs_busybox = pytest.mark.skipif(
    shutil.which("busybox") is None, reason="BusyBox is not installed (make test-tools)"
)

UUID_LENGTH = 36
SERVICES = "openwisp-monitoring " * 20
LONG_INPUTS = {
    "path": "/tmp/" + "f" * 60,
    "services": SERVICES,
    "owed_services": SERVICES,
}


def longest(name: str) -> str:
    inputs = {
        key: LONG_INPUTS.get(key, "x" * UUID_LENGTH) for key in SCRIPTS[name].all_inputs
    }
    return render(name, **inputs)


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_first_line_names_the_script(name: str) -> None:
    assert longest(name).splitlines()[0] == f"# flashlog {name}"


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_script_is_longer_than_dropbear_takes(name: str) -> None:
    assert len(longest(name).encode()) < TEXT_BYTES_MAX


@pytest.mark.parametrize("name", SCRIPTS)
def test_only_the_first_line_is_a_comment(name: str) -> None:
    lines = longest(name).splitlines()[1:]
    assert [line for line in lines if line.lstrip().startswith("#")] == []


@needs_busybox
@pytest.mark.real_router
@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_is_valid_for_ash(name: str) -> None:
    checked = subprocess.run(
        ["busybox", "ash", "-n", "-c", longest(name)], capture_output=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, b"")


@pytest.mark.parametrize(
    "missing_tool",
    ["stat ", "timeout ", "setsid ", "nohup ", "base64 ", "od ", "truncate ", "flock "],
)
def test_no_script_uses_what_stock_images_lack(missing_tool: str) -> None:
    users = [
        name
        for name in SCRIPTS
        for line in longest(name).splitlines()
        if line.startswith(missing_tool) or f"| {missing_tool}" in line
    ]
    assert users == []


def test_a_missing_input_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="needs the input path"):
        render("checksum")


def test_an_unknown_input_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="takes no input flags"):
        render("checksum", path="/tmp/x", flags="-n")


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\0b"])
def test_a_line_break_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        render("health", command=value, stop_after_seconds=1)


def test_a_command_too_long_for_dropbear_is_refused() -> None:
    with pytest.raises(ValueError, match="dropbear would refuse"):
        render("health", command="x" * TEXT_BYTES_MAX, stop_after_seconds=1)


NASTY = st.text(
    st.sampled_from("'\"`$(){}[]\\;&|<>*?~#! \t=%^,-" + string.ascii_letters)
    | st.characters(exclude_characters="\n\r\0", exclude_categories=["Cs"]),
    max_size=40,
)


@needs_busybox
@pytest.mark.real_router
@settings(max_examples=300, deadline=None)
@given(values=st.lists(NASTY, min_size=1, max_size=5))
def test_every_value_arrives_as_it_is(values: list[str]) -> None:
    text = "\n".join(f"v{n}={quote(value)}" for n, value in enumerate(values))
    text += "".join(f'\nprintf "%s\\n" "$v{n}"' for n in range(len(values)))
    said = subprocess.run(
        ["busybox", "ash", "-c", text], capture_output=True, check=True
    ).stdout
    assert said.decode().split("\n")[:-1] == values
