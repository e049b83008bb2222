"""Texts in questions to the read models: their case, and how ids begin."""

from string import ascii_lowercase, ascii_uppercase

from application.access import Condition

_FOLDED = str.maketrans(ascii_uppercase, ascii_lowercase)


def folded(text: str) -> str:
    """Return a text as `lower` of the read models writes it: it knows ASCII alone."""
    return text.translate(_FOLDED)


def begins(column: str, beginning: str) -> Condition:
    """Return what a row is like whose id begins so; an index finds it."""
    # After any hexadecimal digit comes a g.
    return Condition(f"({column} >= ? AND {column} < ?)", (beginning, f"{beginning}g"))
