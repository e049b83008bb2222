"""Find the build or the mass upgrade that somebody means."""

from uuid import UUID

import msgspec

from application.access import Condition
from application.flashlog import Flashlog
from application.projections.views import Row
from application.queries.batches import batches, in_words
from application.queries.finding import find_by_id
from application.queries.folding import folded
from domain.errors import NotFoundError


def find_build(flashlog: Flashlog, text: str) -> UUID:
    """Find a build by id, version, or category and version with a slash between.

    Raises NotFoundError, also when several fit: then the message lists them.
    """
    category, slash, version = text.strip().rpartition("/")
    rows = flashlog.views.rows(
        "SELECT build.id, build.version, category.name FROM build"
        " JOIN category ON category.id = build.category_id"
        " WHERE build.id = ?1"
        " OR build.version = ?2 AND (?3 = '' OR lower(category.name) = ?3)"
        " ORDER BY build.position",
        [folded(text.strip()), version if slash else text.strip(), folded(category)],
    )
    if not rows:
        msg = (
            f"no build has the version or id {text!r}: "
            "`flashlog image list` shows those there are"
        )
        raise NotFoundError(msg)
    if len(rows) > 1:
        names = ", ".join(f"{row['name']}/{row['version']}" for row in rows)
        msg = f"{text!r} fits several builds: {names}; say the category too"
        raise NotFoundError(msg)
    return UUID(rows[0]["id"])


def find_batch(flashlog: Flashlog, text: str) -> UUID:
    """Find a batch by its id or the beginning of it. Raises NotFoundError."""
    return find_by_id(flashlog, "batch", text, several="batches")


def batch_row(flashlog: Flashlog, batch_id: UUID) -> Row:
    """Return a batch with the names of its build. Raises NotFoundError."""
    by_id = Condition("batch.id = ?", (str(batch_id),))
    found = msgspec.structs.replace(batches(), conditions=(by_id,)).all(flashlog.views)
    if not found:
        msg = f"the batch {batch_id} is not shown yet: try again"
        raise NotFoundError(msg)
    return in_words(flashlog, found[0])


def find_place(flashlog: Flashlog, table: str, text: str) -> UUID:
    """Find a group (`device_group`) or a `location` by name or id.

    Raises NotFoundError.
    """
    rows = flashlog.views.rows(
        f"SELECT id FROM {table} WHERE id = ?1"  # noqa: S608 - one of two
        " OR lower(name) = ?1",
        [folded(text.strip())],
    )
    if len(rows) != 1:
        word = table.removeprefix("device_")
        many = f"several {word}s have" if rows else f"no {word} has"
        msg = f"{many} the name or id {text!r}"
        raise NotFoundError(msg)
    return UUID(rows[0]["id"])
