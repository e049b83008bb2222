"""How much is measured: all of it, or a little of everything."""

import os
from typing import TypeVar

QUICK = "BENCH_QUICK"

T = TypeVar("T")


def size(whole: T, *, quick: T) -> T:
    """Choose for this run; what is quick tells that all works, and no figures."""
    return quick if QUICK in os.environ else whole
