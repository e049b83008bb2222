"""The Flashlog of the showroom: its clock passes as the stories are told."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from application.flashlog import Flashlog
from application.settings import Settings
from domain.base import Aggregate

_GROUP = 100


class StagedClock:
    """Stands still, but for what a story says has passed."""

    def __init__(self, begun: datetime) -> None:
        self._now = begun

    def now(self) -> datetime:
        return self._now

    def start_from(self, recorded_at: datetime) -> None:
        self._now = max(self._now, recorded_at)

    def pass_by(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)

    def stand_at(self, moment: datetime) -> None:
        """Go on to a moment; where it is past already, stay."""
        self.start_from(moment)


class House:
    """A Flashlog to which one tells what has happened, and when."""

    def __init__(self, directory: Path, *, begun_days_ago: float = 0) -> None:
        self.opened_at = datetime.now(UTC)
        self.clock = StagedClock(self.opened_at - timedelta(days=begun_days_ago))
        settings = Settings(
            data_dir=directory, request_rate_limit="off", token_rate_limit="off"
        )
        self.flashlog = Flashlog(settings, clock=self.clock)
        self.flashlog.projector.catch_up()

    def tell(self, *aggregates: Aggregate, after_seconds: float = 0) -> None:
        """Record what aggregates have to say, so long after what was told last."""
        self.clock.pass_by(after_seconds)
        for start in range(0, len(aggregates), _GROUP):
            self.flashlog.log.append(*aggregates[start : start + _GROUP])

    def ago(self, *, minutes: float) -> None:
        """Go on to so long before the doors open."""
        self.clock.stand_at(self.opened_at - timedelta(minutes=minutes))

    def show(self) -> None:
        self.flashlog.projector.catch_up()
