"""Licences and advisories of what Flashlog depends on: `make audit-dependencies`.

Licences come from what is installed, and need no network. Advisories are asked for by
pip-audit; where it cannot ask about all that is said, and with `--require-advisories`
it is a failure.
"""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from datetime import date
from email.message import Message
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import cast

import msgspec

ROOT = Path(__file__).parents[2]
WAIVERS = ROOT / ".ci" / "waivers.toml"
LOCK = ROOT / "requirements.txt"

_PIP_AUDIT = "pip-audit==2.10.1"
_LIMIT_SECONDS = 180
# What a program under BSD-3-Clause may depend on without becoming something else.
_ALLOWED = {
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "EPL-2.0",
    "ISC",
    "LGPL-2.1",
    "LGPL-3.0-only",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "PSF-2.0",
    "Unlicense",
    "ZPL-2.1",
}
# What people wrote before there were identifiers.
_MEANT = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "DFSG approved": "",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "OSI Approved": "",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}
# Those whose metadata name none, by what their licence file says.
_TOLD_ELSEWHERE = {"axe-playwright-python": "MIT"}


class Waiver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An advisory that does not count until a day, and why."""

    advisory: str
    package: str
    reason: str
    expires: date


class Advisory(msgspec.Struct, frozen=True):
    """A hole in a package that is locked; `ids` are all names that it has."""

    package: str
    version: str
    ids: frozenset[str]
    fixed_in: str


def wrong_licences(installed: Sequence[Distribution]) -> list[str]:
    """Return a sentence for each package whose licence is none of those allowed."""
    wrong = []
    for each in installed:
        said = licences_of(each)
        if not said or not said <= _ALLOWED:
            words = ", ".join(sorted(said)) or "nothing"
            wrong.append(f"{each.name} {each.version} is licensed under {words}")
    return wrong


def licences_of(installed: Distribution) -> set[str]:
    """Return the licences that a package says it has; any of an `OR` may be chosen."""
    metadata = cast("Message", installed.metadata)
    if expression := metadata.get("License-Expression"):
        return _chosen(expression)
    classifiers = metadata.get_all("Classifier") or []
    said = {
        each.rpartition(" :: ")[2]
        for each in classifiers
        if each.startswith("License ::")
    }
    meant = {_MEANT.get(each, each) for each in said} - {""}
    if not meant:
        text = (metadata.get("License") or "").strip().partition("\n")[0]
        text = text or _TOLD_ELSEWHERE.get(installed.name, "")
        meant = _chosen(_MEANT.get(text, text))
    return meant


def _chosen(expression: str) -> set[str]:
    alternatives = [_terms(each) for each in expression.split(" OR ")]
    return next((each for each in alternatives if each <= _ALLOWED), alternatives[0])


def waivers(text: str, *, today: date) -> tuple[list[Waiver], list[str]]:
    """Return those that count today, and what is wrong with the others."""
    kept, wrong = [], []
    for each in tomllib.loads(text).get("waiver", []):
        try:
            waiver = msgspec.convert(each, Waiver)
        except msgspec.ValidationError as error:
            wrong.append(f"a waiver is not as it should be: {error} ({each})")
            continue
        if not (waiver.advisory.strip() and waiver.reason.strip()):
            wrong.append(f"the waiver of {waiver.package} gives no advisory or reason")
        elif waiver.expires < today:
            wrong.append(
                f"the waiver of {waiver.advisory} ({waiver.package}) has ended on "
                f"{waiver.expires}: update the package, or decide again"
            )
        else:
            kept.append(waiver)
    return kept, wrong


def unwaived(found: Sequence[Advisory], kept: Sequence[Waiver]) -> list[str]:
    """Return a sentence for each advisory that nobody has waived for this package."""
    return [
        f"{each.package} {each.version} has {', '.join(sorted(each.ids))}"
        f" (fixed in {each.fixed_in or 'no version yet'})"
        for each in found
        if not any(
            waiver.package == each.package and waiver.advisory in each.ids
            for waiver in kept
        )
    ]


def read_advisories(text: str) -> list[Advisory] | None:
    """Read what pip-audit writes as JSON; None where it could not ask about all."""
    packages = json.loads(text)["dependencies"]
    if not packages or any("skip_reason" in each for each in packages):
        return None
    return [
        Advisory(
            package=package["name"],
            version=package["version"],
            ids=frozenset({hole["id"], *hole.get("aliases", ())}),
            fixed_in=", ".join(hole.get("fix_versions", ())),
        )
        for package in packages
        for hole in package.get("vulns", ())
    ]


def ask_for_advisories() -> list[Advisory] | None:
    """Ask pip-audit about the lock; None where it is not there or reaches nobody."""
    command = [
        *(sys.executable, "-m", "pipx", "run", _PIP_AUDIT),
        *("--requirement", str(LOCK), "--disable-pip", "--require-hashes"),
        *("--format", "json", "--progress-spinner", "off", "--timeout", "15"),
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_LIMIT_SECONDS, check=False
        )
        return read_advisories(done.stdout)
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        return None


def locked() -> list[Distribution]:
    """Return what is installed of what the lock names."""
    pinned = re.findall(r"^([\w.-]+)==", LOCK.read_text(), re.MULTILINE)
    names = {_plain(name) for name in pinned}
    return [each for each in distributions() if _plain(each.name) in names]


def main(arguments: Sequence[str]) -> int:
    """Tell everything that is wrong; returns the exit status."""
    wrong = list(_all_wrong(must_ask="--require-advisories" in arguments))
    for each in wrong:
        print(each, file=sys.stderr)
    return 1 if wrong else 0


def _all_wrong(*, must_ask: bool) -> Iterator[str]:
    installed = locked()
    yield from wrong_licences(installed)
    print(f"licences: {len(installed)} packages looked at")
    kept, wrong = waivers(WAIVERS.read_text(), today=date.today())  # noqa: DTZ011
    yield from wrong
    found = ask_for_advisories()
    if found is not None:
        yield from unwaived(found, kept)
        print(f"advisories: {len(found)} for what is locked, {len(kept)} waived")
    elif must_ask:
        yield "advisories: pip-audit could not ask anybody"
    else:
        print("advisories: not known, since pip-audit could not ask anybody")


def _terms(expression: str) -> set[str]:
    words = re.split(r"\s+AND\s+|[()]", expression)
    return {word.strip() for word in words} - {""}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
