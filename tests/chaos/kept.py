"""Tables that programs keep in docs/reliability.md, each between its two marks."""

from collections.abc import Sequence
from pathlib import Path

_PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"


def keep(name: str, lines: Sequence[str]) -> None:
    """Put a table between its two marks in the page."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    text = _PAGE.read_text()
    before, _, rest = text.partition(begin)
    after = rest.partition(end)[2]
    table = "\n".join(lines)
    _PAGE.write_text(f"{before}{begin}\n\n{table}\n\n{end}{after}")
