"""Who a mass upgrade would be for, as its page shows it: counted, grouped, by page."""

from collections import Counter
from collections.abc import Sequence

from flask import request

from application.queries.selection import Chosen, Selection, Skipped
from web.console.listing import Listing
from web.state import flashlog

ROWS = ("included", "warned", "skipped")


class Rehearsal:
    """A selection; `rows` and `reason` of the request say what of it is listed."""

    def __init__(self, found: Selection, *, upgrade_all: bool) -> None:
        self.included = found.chosen(upgrade_all=upgrade_all)
        self.warned = [each for each in self.included if each.warning]
        self.skipped = found.skipped
        self.left_out = 0 if upgrade_all else len(found.firmwareless)
        self.mark = found.mark(upgrade_all=upgrade_all)
        asked = request.args.get("rows", "")
        self.shown = asked if asked in ROWS else "included"
        self.reason = request.args.get("reason", "")

        counted = Counter(each.image_id for each in self.included)
        views = flashlog().views
        # The images, each with how many devices would get it.
        self.by_image = [
            (image, count)
            for image_id, count in counted.most_common()
            if (image := views.one("image", image_id)) is not None
        ]

    @property
    def labels(self) -> dict[str, str]:
        """Return what people call the images, by their ids."""
        return {row["id"]: row["label"] or row["type"] for row, _ in self.by_image}

    @property
    def skipped_by_reason(self) -> list[tuple[str, int]]:
        return Counter(each.reason for each in self.skipped).most_common()

    @property
    def warned_by_reason(self) -> list[tuple[str, int]]:
        return Counter(each.warning for each in self.warned).most_common()

    @property
    def lost(self) -> list[tuple[str, int]]:
        """Return the packages that would be lost, with how many devices have each."""
        return Counter(name for each in self.warned for name in each.lost).most_common()

    def listing(self) -> Listing:
        """Return the page that is asked for of what is shown."""
        rows: Sequence[Chosen | Skipped] = getattr(self, self.shown)
        if self.reason:
            rows = [each for each in rows if _reason(each) == self.reason]
        return Listing.of(
            len(rows), lambda page: rows[page.offset : page.offset + page.size]
        )


def _reason(each: Chosen | Skipped) -> str:
    return each.warning if isinstance(each, Chosen) else each.reason
