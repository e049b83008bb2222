"""What is told, how often, and what a restart remembers."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.flashlog import Flashlog
from application.notices.channel import UndeliveredError
from application.notices.notice import EXAMPLES_MAX, Notice
from application.notices.sender import Sender
from application.notices.telling import telling
from application.settings import Settings
from domain.batch import events as batch_events
from domain.batch.batch import Batch
from domain.operation import events
from domain.operation.operation import UpgradeOperation
from tests.application.houses import a_device, an_image
from tests.application.notices.listeners import WebListener

MINUTE = timedelta(minutes=1)
BATCH, OTHER_BATCH = UUID(int=7), UUID(int=8)


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.at = datetime(2026, 5, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def start_from(self, moment: datetime) -> None:
        self.at = max(self.at, moment)


class Ear:
    """A channel that keeps what it is told, unless it is deaf."""

    name = "ear"

    def __init__(self) -> None:
        self.heard: list[Notice] = []
        self.is_deaf = False
        self.wants_no_more = False
        self.tries = 0

    def send(self, notice: Notice) -> None:
        self.tries += 1
        if self.is_deaf:
            raise UndeliveredError("deaf", is_final=self.wants_no_more)
        self.heard.append(notice)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def flashlog(tmp_path: Path, clock: Clock) -> Iterator[Flashlog]:
    made = Flashlog(Settings(data_dir=tmp_path), clock=clock)
    yield made
    made.close()


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def sender(flashlog: Flashlog, ear: Ear) -> Sender:
    return Sender(flashlog, [ear])


@pytest.fixture
def begin(flashlog: Flashlog) -> Callable[..., UpgradeOperation]:
    device_id, image_id = a_device(flashlog), an_image(flashlog)

    def begun(batch_id: UUID | None = None) -> UpgradeOperation:
        started = events.Started(
            device_id=device_id,
            image_id=image_id,
            at=flashlog.clock.now(),
            batch_id=batch_id,
        )
        return UpgradeOperation.start(uuid4(), started)

    return begun


Begin = Callable[..., UpgradeOperation]


def ended(flashlog: Flashlog, operation: UpgradeOperation) -> UUID:
    operation.abort("wrong router")
    flashlog.log.append(operation)
    return operation.id


def test_the_end_of_an_operation_is_told_at_once(
    flashlog: Flashlog, sender: Sender, ear: Ear, begin: Begin
) -> None:
    operation_id = ended(flashlog, begin())
    sender.work()
    (notice,) = ear.heard
    (occasion,) = notice.occasions
    assert (occasion.kind, occasion.operation) == ("aborted", operation_id)
    assert occasion.device_name == "roof-17"
    assert notice.subject == "Flashlog: 1 aborted"
    assert "wrong router" in notice.text


def test_nobody_is_told_of_success_or_of_a_cancel(
    flashlog: Flashlog, sender: Sender, ear: Ear, begin: Begin
) -> None:
    succeeded, cancelled = begin(), begin()
    succeeded.record(events.Succeeded())
    cancelled.cancel(at=flashlog.clock.now())
    flashlog.log.append(succeeded, cancelled)
    sender.work()
    assert ear.heard == []


def test_a_batch_is_told_of_once_in_ten_minutes_with_all_that_happened(
    flashlog: Flashlog, sender: Sender, ear: Ear, begin: Begin, clock: Clock
) -> None:
    ended(flashlog, begin(BATCH))
    sender.work()
    for _ in range(50):
        ended(flashlog, begin(BATCH))
        sender.work()
    clock.at += 9 * MINUTE
    sender.work()
    assert len(ear.heard) == 1
    clock.at += MINUTE
    sender.work()
    _, second = ear.heard
    assert second.counts == {"aborted": 50}
    assert len(second.occasions) == EXAMPLES_MAX
    assert "and 30 more" in second.text
    clock.at += 20 * MINUTE
    sender.work()
    assert len(ear.heard) == 2


def test_one_batch_does_not_silence_another(
    flashlog: Flashlog, sender: Sender, ear: Ear, begin: Begin
) -> None:
    for batch_id in (BATCH, OTHER_BATCH, None):
        ended(flashlog, begin(batch_id))
        sender.work()
    assert [each.batch for each in ear.heard] == [BATCH, OTHER_BATCH, None]


def test_a_batch_that_is_held_is_told_of(
    flashlog: Flashlog, sender: Sender, ear: Ear
) -> None:
    batch = Batch(BATCH)
    batch.record(batch_events.Held(reason="3 routers failed after the flash"))
    flashlog.log.append(batch)
    sender.work()
    (notice,) = ear.heard
    assert notice.batch == BATCH
    assert notice.counts == {"held": 1}
    assert "3 routers failed after the flash" in notice.text


def test_what_was_given_up_is_told_of(
    flashlog: Flashlog, sender: Sender, ear: Ear, begin: Begin
) -> None:
    operation = begin()
    given_up = events.ObligationGivenUp(obligations=("services",), reason="no answer")
    operation.record(given_up)
    flashlog.log.append(operation)
    sender.work()
    assert ear.heard[0].counts == {"given-up": 1}


def test_what_is_owed_for_long_is_told_of_once(
    flashlog: Flashlog, sender: Sender, ear: Ear, begin: Begin, clock: Clock
) -> None:
    operation = begin()
    for _ in range(13):
        now = clock.now()
        postponed = events.SettlementPostponed(
            cause="no route to host", at=now, not_before=now + 10 * MINUTE
        )
        operation.record(postponed)
        flashlog.log.append(operation)
        sender.work()
        clock.at += 10 * MINUTE
    (notice,) = ear.heard
    assert notice.counts == {"owed": 1}


def test_the_first_start_begins_at_the_end_of_the_log(
    flashlog: Flashlog, ear: Ear, begin: Begin
) -> None:
    ended(flashlog, begin())
    Sender(flashlog, [ear]).work()
    assert ear.heard == []


def test_a_restart_tells_what_was_missed_and_nothing_twice(
    flashlog: Flashlog, sender: Sender, ear: Ear, begin: Begin, clock: Clock
) -> None:
    ended(flashlog, begin(BATCH))
    sender.work()
    ended(flashlog, begin(OTHER_BATCH))
    ended(flashlog, begin(BATCH))
    again = Sender(flashlog, [ear])
    again.work()
    again.work()
    assert [each.batch for each in ear.heard] == [BATCH, OTHER_BATCH]
    clock.at += 10 * MINUTE
    Sender(flashlog, [ear]).work()
    assert [each.batch for each in ear.heard] == [BATCH, OTHER_BATCH, BATCH]


def test_what_did_not_arrive_is_sent_again_with_growing_pauses(
    flashlog: Flashlog, sender: Sender, ear: Ear, begin: Begin, clock: Clock
) -> None:
    ear.is_deaf = True
    ended(flashlog, begin())
    tried = []
    for second in range(80):
        before = ear.tries
        sender.work()
        if ear.tries > before:
            tried.append(second)
        clock.at += timedelta(seconds=1)
    assert tried == [0, 10, 30, 70]
    ear.is_deaf = False
    clock.at += 10 * MINUTE
    Sender(flashlog, [ear]).work()
    assert len(ear.heard) == 1


def test_a_restart_keeps_the_id_of_what_did_not_arrive(
    flashlog: Flashlog, sender: Sender, ear: Ear, begin: Begin, clock: Clock
) -> None:
    ear.is_deaf = True
    ended(flashlog, begin())
    sender.work()
    (waiting,) = sender._state.lines["ear"].deliveries.values()
    ear.is_deaf = False
    clock.at += MINUTE
    Sender(flashlog, [ear]).work()
    assert [each.id for each in ear.heard] == [waiting.notice.id]


@pytest.mark.parametrize("wants_no_more", [True, False])
def test_a_notice_that_never_arrives_is_given_up(
    flashlog: Flashlog,
    sender: Sender,
    ear: Ear,
    begin: Begin,
    clock: Clock,
    *,
    wants_no_more: bool,
) -> None:
    ear.is_deaf, ear.wants_no_more = True, wants_no_more
    ended(flashlog, begin())
    sender.work()
    if not wants_no_more:
        clock.at += timedelta(days=1)
        sender.work()
    assert sender._state.lines["ear"].deliveries == {}


def test_one_channel_that_fails_does_not_keep_the_others_waiting(
    flashlog: Flashlog, ear: Ear, begin: Begin
) -> None:
    deaf = Ear()
    deaf.name, deaf.is_deaf = "deaf", True
    sender = Sender(flashlog, [deaf, ear])
    ended(flashlog, begin())
    sender.work()
    assert len(ear.heard) == 1


def test_what_breaks_a_channel_does_not_keep_the_others_waiting(
    flashlog: Flashlog, ear: Ear, begin: Begin, clock: Clock
) -> None:
    broken = Ear()
    broken.name = "broken"
    broken.heard = None  # type: ignore[assignment]
    sender = Sender(flashlog, [broken, ear])
    for _ in range(2):
        ended(flashlog, begin())
        sender.work()
        clock.at += 10 * MINUTE
    assert len(ear.heard) == 2
    assert broken.tries == 2


def test_what_arrives_late_is_not_followed_by_another_at_once(
    flashlog: Flashlog, sender: Sender, ear: Ear, begin: Begin, clock: Clock
) -> None:
    ear.is_deaf = True
    for _ in range(3):
        ended(flashlog, begin(BATCH))
        sender.work()
        clock.at += 20 * MINUTE
    ear.is_deaf = False
    sender.work()
    ended(flashlog, begin(BATCH))
    for _ in range(9):
        Sender(flashlog, [ear]).work()
        clock.at += MINUTE
    assert len(ear.heard) == 1
    clock.at += MINUTE
    sender.work()
    first, second = ear.heard
    assert (first.counts, second.counts) == ({"aborted": 1}, {"aborted": 3})


def test_a_hook_that_hangs_lets_the_other_channels_have_their_turn(
    flashlog: Flashlog, ear: Ear, begin: Begin
) -> None:
    deaf = Ear()
    deaf.name, deaf.is_deaf = "deaf", True
    sender = Sender(flashlog, [deaf, ear])
    for _ in range(5):
        ended(flashlog, begin(uuid4()))
    sender.work()
    assert (deaf.tries, len(ear.heard)) == (1, 5)
    sender.work()
    assert deaf.tries == 2


def test_a_state_that_cannot_be_read_begins_at_the_end(
    flashlog: Flashlog, ear: Ear, begin: Begin
) -> None:
    ended(flashlog, begin())
    flashlog.storage.kept.save("notices.json", b"{")
    Sender(flashlog, [ear]).work()
    assert ear.heard == []


def waited_for(condition: Callable[[], Any]) -> bool:
    deadline = monotonic() + 60
    while not condition():
        if monotonic() > deadline:
            return False
        sleep(0.02)
    return True


def test_one_process_of_an_installation_tells_and_a_slow_hook_holds_up_nobody(
    tmp_path: Path, web: WebListener
) -> None:
    settings = Settings(
        data_dir=tmp_path, notice_webhook_url=web.url, notice_limit_seconds=0.5
    )
    web.stall_seconds = 60.0
    one, other = Flashlog(settings), Flashlog(settings)
    with telling(one), telling(other):
        assert waited_for(lambda: one.storage.kept.load("notices.json"))
        operation = UpgradeOperation.start(
            uuid4(),
            events.Started(
                device_id=a_device(one), image_id=an_image(one), at=one.clock.now()
            ),
        )
        ended(one, operation)
        assert waited_for(lambda: web.got)
        begun = monotonic()
    assert monotonic() - begun < 30  # it stops without waiting for the hook
    assert len(web.got) == 1
    one.close()
    other.close()


def test_who_turns_notices_off_and_on_is_not_told_of_the_time_between(
    tmp_path: Path, ear: Ear
) -> None:
    flashlog = Flashlog(Settings(data_dir=tmp_path))
    Sender(flashlog, [ear])
    with telling(flashlog):
        assert not (tmp_path / "notices.json").exists()
    flashlog.close()


def test_settings_that_cannot_work_are_logged_and_do_not_stop_the_runner(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    flashlog = Flashlog(Settings(data_dir=tmp_path, notice_webhook_url="nowhere"))
    with telling(flashlog):
        assert "FLASHLOG_NOTICE_WEBHOOK_URL is not an address" in caplog.text
    flashlog.close()
