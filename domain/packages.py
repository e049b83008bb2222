"""Which packages of a router a new image would lack.

Facts: sysupgrade replaces the system; packages that were installed later are gone
after it, unless the whole overlay is kept. A build's manifest names what the images of
one target contain; some devices have packages on top of that, or lack some.
"""

from collections.abc import Collection, Iterable


def lacking(
    installed: Iterable[str],
    *,
    manifest: Collection[str],
    device_packages: Iterable[str] = (),
    expendable: Collection[str] = (),
) -> tuple[str, ...]:
    """Return what is installed and neither in the image nor expendable, sorted.

    `device_packages` come on top of the manifest; one with a `-` before it is left out.
    """
    named = set(device_packages)
    left_out = {name.removeprefix("-") for name in named if name.startswith("-")}
    contained = ({*manifest} | named) - left_out
    return tuple(sorted({*installed} - contained - {*expendable}))
