"""Cells of tables that people open with a spreadsheet."""

from typing import Any

# What makes a spreadsheet take a cell for a formula, or for more than one cell.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def harmless(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula."""
    if value is None or isinstance(value, int | float):
        return "" if value is None else value
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
