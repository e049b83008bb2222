"""Which packages of a router a new image would lack.

Facts: sysupgrade replaces the system; packages that were installed later are gone
after it, unless the whole overlay is kept.
"""

from collections.abc import Collection, Iterable


def lacking(
    installed: Iterable[str],
    *,
    contained: Collection[str],
    expendable: Collection[str] = (),
) -> tuple[str, ...]:
    """Return what is installed and neither in the image nor expendable, sorted."""
    return tuple(sorted({*installed} - {*contained} - {*expendable}))
