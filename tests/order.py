"""The order of the tests where several workers share them: the longest first."""

from collections.abc import Sequence

import pytest

# A minute and more each; whoever began with one last would keep the others waiting.
LONGEST = ("tests/fleet/test_mass_upgrade.py", "tests/crash/test_crash_matrix.py")


def longest_first(items: Sequence[pytest.Item], workers: int) -> list[pytest.Item]:
    """Put the longest at the beginning of what each worker gets.

    `worksteal` cuts the tests into as many pieces as there are workers. Tests of one
    xdist_group go to one worker, for they would be in each other's way.
    """
    sizes = [(len(items) + worker) // workers for worker in range(workers)]
    firsts: list[list[pytest.Item]] = [[] for _ in sizes]
    for number, group in enumerate(_groups(items)):
        firsts[number % workers] += group
    if any(len(first) > size for first, size in zip(firsts, sizes, strict=True)):
        return list(items)
    others = iter([item for item in items if not _is_long(item)])
    return [
        item
        for first, size in zip(firsts, sizes, strict=True)
        for item in [*first, *(next(others) for _ in range(size - len(first)))]
    ]


def _groups(items: Sequence[pytest.Item]) -> list[list[pytest.Item]]:
    groups: dict[str, list[pytest.Item]] = {}
    for place in LONGEST:
        for item in items:
            if item.nodeid.startswith(place):
                mark = item.get_closest_marker("xdist_group")
                groups.setdefault(mark.args[0] if mark else item.nodeid, []).append(
                    item
                )
    return list(groups.values())


def _is_long(item: pytest.Item) -> bool:
    return item.nodeid.startswith(LONGEST)
