"""The parts of the documentation that are made from the code: `make pages`."""

from pathlib import Path

from application.setting_facts import SettingFact, setting_facts
from web.cli.exits import MEANINGS

DOCS = Path(__file__).parents[2] / "docs"
SETTINGS = DOCS / "settings.md"
TROUBLESHOOTING = DOCS / "troubleshooting.md"

_SETTINGS_HEAD = """# Settings

Every setting is an environment variable. What is not set, or set to nothing, has its
default. A value that cannot be used is refused at the start, with the variable's name,
and so is a variable that begins with `FLASHLOG_` and is none of these. `FLASHLOG_URL`,
`FLASHLOG_TOKEN` and `FLASHLOG_CA_FILE` are no settings of an installation: they tell
the command line which service to talk to.

This page is made from `application/settings.py` by `make pages`.

| variable | default | unit | meaning |
|---|---|---|---|
"""
_BLANK_DEFAULTS = {
    "FLASHLOG_DATA_DIR": "`flashlog` in the user's data directory "
    "(`~/.local/share/flashlog` on Linux)",
}
_UNITS = {
    "SECONDS": "seconds",
    "BYTES": "bytes",
    "DAYS": "days",
    "BYTES_PER_SECOND": "bytes a second",
}
_BEGIN, _END = "<!-- exit statuses: begin -->", "<!-- exit statuses: end -->"


def render_settings() -> str:
    """Return the settings page as it should be."""
    return _SETTINGS_HEAD + "".join(map(_row, setting_facts()))


def render_troubleshooting(text: str) -> str:
    """Return the page with the table of exit statuses as it should be."""
    before, _, rest = text.partition(_BEGIN)
    after = rest.partition(_END)[2]
    rows = "".join(f"| {status} | {text} |\n" for status, text in MEANINGS.items())
    table = f"\n\n| status | meaning |\n|---|---|\n{rows}\n"
    return f"{before}{_BEGIN}{table}{_END}{after}"


def _row(fact: SettingFact) -> str:
    return (
        f"| `{fact.variable}` | {_default(fact)} | {_unit(fact)} | {fact.meaning} |\n"
    )


def _default(fact: SettingFact) -> str:
    if not fact.default:
        return _BLANK_DEFAULTS.get(fact.variable, "nothing")
    if fact.default in {"True", "False"}:
        return f"`{fact.default.lower()}`"
    return f"`{fact.default.removesuffix('.0')}`".replace(",", ", ")


def _unit(fact: SettingFact) -> str:
    if fact.default in {"True", "False"}:
        return "`true` or `false`"
    name = fact.variable.removesuffix("_MAX")
    fitting = [unit for ending, unit in _UNITS.items() if name.endswith(f"_{ending}")]
    if fitting:
        return fitting[-1]
    return "count" if fact.default.isdecimal() else "text"


if __name__ == "__main__":
    SETTINGS.write_text(render_settings())
    TROUBLESHOOTING.write_text(render_troubleshooting(TROUBLESHOOTING.read_text()))
