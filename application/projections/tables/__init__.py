"""The tables of the read models, one file for each subject."""

from importlib.resources import files


def schema() -> str:
    """Return the statements that make every table."""
    found = (each for each in files(__name__).iterdir() if each.name.endswith(".sql"))
    return "\n".join(
        each.read_text() for each in sorted(found, key=lambda each: each.name)
    )
