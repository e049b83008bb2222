"""One line of the result: what was measured, next to whom, and whether it suffices."""

from typing import TypedDict


class Row(TypedDict):
    """`ratio` is value / peer; `reach` is a limit of the ratio where there is a peer.

    A row without `reach` is told for comparison alone.
    """

    name: str
    value: float
    unit: str
    peer: float | None
    ratio: float | None
    reach: str
    met: bool


def at_least(
    name: str, value: float, unit: str, reach: float, peer: float | None = None
) -> Row:
    """Make a row of a figure that should be high."""
    judged = value if peer is None else value / peer
    return _row(name, value, unit, peer, f">= {reach:g}", met=judged >= reach)


def at_most(
    name: str, value: float, unit: str, reach: float, peer: float | None = None
) -> Row:
    """Make a row of a figure that should be low."""
    judged = value if peer is None else value / peer
    return _row(name, value, unit, peer, f"<= {reach:g}", met=judged <= reach)


def for_comparison(
    name: str, value: float, unit: str, peer: float | None = None
) -> Row:
    """Make a row that nothing is asked of."""
    return _row(name, value, unit, peer, "", met=True)


def _row(
    name: str, value: float, unit: str, peer: float | None, reach: str, *, met: bool
) -> Row:
    return Row(
        name=name,
        value=round(value, 3),
        unit=unit,
        peer=None if peer is None else round(peer, 3),
        ratio=None if peer is None else round(value / peer, 2),
        reach=reach,
        met=met,
    )
