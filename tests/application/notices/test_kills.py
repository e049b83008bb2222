"""A sender that is killed loses nothing, and nobody is told more often for that."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from time import monotonic, sleep
from uuid import UUID, uuid4

import msgspec
import pytest

from application.flashlog import Flashlog
from application.notices.notice import Notice
from application.notices.sender import Sender
from application.notices.state import StateFile
from application.notices.telling import telling
from application.settings import Settings, environment_of, load_settings
from domain.operation import events
from domain.operation.operation import UpgradeOperation
from tests.application.houses import a_device, an_image
from tests.application.notices.listeners import Hook, WebListener

ROOT = Path(__file__).resolve().parents[3]
BATCH = UUID(int=7)
PAUSE = timedelta(minutes=10)
_KILLS_MAX = 100


class Killed(BaseException):
    """The process ends here."""


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 5, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def start_from(self, moment: datetime) -> None:
        self.at = max(self.at, moment)


class Fate:
    """Kills at one of the moments that matter, and then never again."""

    def __init__(self, moment: int) -> None:
        self._left = moment

    def pass_by(self) -> None:
        self._left -= 1
        if self._left == 0:
            raise Killed

    @property
    def has_struck(self) -> bool:
        return self._left <= 0


class Ear:
    """A channel that notes when it heard what."""

    name = "ear"

    def __init__(self, clock: Clock) -> None:
        self.heard: list[tuple[datetime, Notice]] = []
        self._clock = clock

    def send(self, notice: Notice) -> None:
        self.heard.append((self._clock.now(), notice))


class Failing:
    """Operations of one batch that fail one after another."""

    def __init__(self, flashlog: Flashlog) -> None:
        self._flashlog = flashlog
        self._device_id, self._image_id = a_device(flashlog), an_image(flashlog)
        self.ids: list[UUID] = []

    def one(self) -> None:
        operation = UpgradeOperation.start(
            uuid4(),
            events.Started(
                device_id=self._device_id,
                image_id=self._image_id,
                at=self._flashlog.clock.now(),
                batch_id=BATCH,
            ),
        )
        operation.abort("wrong router")
        self._flashlog.log.append(operation)
        self.ids.append(operation.id)


def told(notices: list[Notice]) -> Counter[UUID | None]:
    """Count in how many notices each operation is; one sent again is the same."""
    different = {each.id: each for each in notices}.values()
    return Counter(each.operation for one in different for each in one.occasions)


@pytest.mark.parametrize("is_before", [True, False])
def test_wherever_it_is_killed_all_is_told_once_and_not_too_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_before: bool
) -> None:
    save, send = StateFile.save, Sender._send
    for moment in range(1, _KILLS_MAX):
        fate = Fate(moment)

        def dying(act: Callable[..., None], fate: Fate = fate) -> Callable[..., None]:
            def acted(*arguments: object) -> None:
                if is_before:
                    fate.pass_by()
                act(*arguments)
                if not is_before:
                    fate.pass_by()

            return acted

        monkeypatch.setattr(StateFile, "save", dying(save))
        monkeypatch.setattr(Sender, "_send", dying(send))
        if not _is_told_once_and_not_too_often(tmp_path / str(moment), fate):
            assert moment > 5
            return
    pytest.fail("there are more moments than expected")


def _is_told_once_and_not_too_often(directory: Path, fate: Fate) -> bool:
    """Tell with one kill; returns whether there was that moment at all."""
    clock = Clock()
    ear = Ear(clock)
    flashlog = Flashlog(Settings(data_dir=directory), clock=clock)
    failing = Failing(flashlog)
    sender = _another(flashlog, ear)
    for _ in range(40):
        if len(failing.ids) < 3:
            failing.one()
        try:
            sender.work()
        except Killed:
            sender = _another(flashlog, ear)
        clock.at += timedelta(minutes=1)
    flashlog.close()
    assert told([notice for _, notice in ear.heard]) == Counter(failing.ids)
    for (earlier, one), (later, other) in zip(ear.heard, ear.heard[1:], strict=False):
        assert one.id == other.id or later - earlier >= PAUSE
    return fate.has_struck


def _another(flashlog: Flashlog, ear: Ear) -> Sender:
    """Start; whoever is killed at that is started once more."""
    try:
        return Sender(flashlog, [ear])
    except Killed:
        return Sender(flashlog, [ear])


@contextmanager
def a_process(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """Tell in a process of its own, which is killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.application.notices.test_kills"],
        cwd=ROOT,
        env={**environment_of(settings), "PYTHONPATH": str(ROOT)},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(60)


def wait_for(condition: Callable[[], object]) -> None:
    deadline = monotonic() + 60
    while not condition():
        assert monotonic() < deadline, "it never came true"
        sleep(0.01)


def decoded(hooks: list[Hook]) -> list[Notice]:
    return [msgspec.json.decode(each.body, type=Notice) for each in hooks]


@pytest.mark.process
def test_a_process_that_is_killed_while_it_tells_is_followed_by_one_that_goes_on(
    tmp_path: Path, web: WebListener
) -> None:
    pause_seconds = 3.0
    settings = Settings(
        data_dir=tmp_path,
        notice_webhook_url=web.url,
        notice_pause_seconds=pause_seconds,
        notice_backoff_seconds=0.1,
    )
    flashlog = Flashlog(settings)
    failing = Failing(flashlog)
    web.stall_seconds = 60
    with a_process(settings):
        wait_for(lambda: flashlog.storage.kept.load("notices.json"))
        failing.one()
        wait_for(lambda: web.got)
    failing.one()  # while nobody listens
    web.stall_seconds = 0
    with a_process(settings):
        wait_for(lambda: len(web.got) > 1)
        arrived = monotonic()
        failing.one()
    with a_process(settings):
        ids = {each.id for each in decoded(web.got)}
        wait_for(lambda: {each.id for each in decoded(web.got)} != ids)
        assert monotonic() - arrived >= pause_seconds
    notices = decoded(web.got)
    assert notices[0] == notices[1]
    assert told(notices) == Counter(failing.ids)
    flashlog.close()


if __name__ == "__main__":
    here = Flashlog(load_settings())
    with telling(here):
        Event().wait()
