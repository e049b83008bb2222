"""Finds what to tell, gathers it, delivers it.

A notice that was not acknowledged is sent again, with the same id: a crash may repeat
one, and loses none.
"""

import logging
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from threading import Event as Signal
from threading import Thread

from application.flashlog import Flashlog
from application.notices.channel import TOO_LONG, Channel, UndeliveredError
from application.notices.notice import Notice
from application.notices.occasions import Finder
from application.notices.state import Line, State, StateFile

_READ = 500
_READ_AGAIN_MAX = 10_000
# How often the log is asked for news.
_PAUSE_SECONDS = 1.0

_log = logging.getLogger(__name__)


class Sender:
    """Finds, gathers and delivers; one at a time, guarded by the caller."""

    def __init__(self, flashlog: Flashlog, channels: Sequence[Channel]) -> None:
        self._flashlog = flashlog
        self._settings = flashlog.settings
        self._channels = {channel.name: channel for channel in channels}
        self._finder = Finder(flashlog)
        self._file = StateFile(flashlog.storage.kept)
        self._state = self._first_state()
        self._save()

    def run(self, stop: Signal) -> None:
        """Tell people until told to stop."""
        while not stop.is_set():
            self.work(stop)
            stop.wait(_PAUSE_SECONDS)

    def work(self, stop: Signal | None = None) -> None:
        """Read on, make the notices that are due, and try what is to be delivered."""
        has_news = self._read_on()
        has_news |= self._make_notices()
        # What was read without finding anything may be read again.
        if has_news or self._state.position - self._saved_position >= _READ_AGAIN_MAX:
            self._save()
        for name, channel in self._channels.items():
            self._deliver(channel, self._state.lines[name], stop or Signal())

    def _first_state(self) -> State:
        """Go on where the last one stopped; the very first begins at the end."""
        end = self._flashlog.log.end()
        state = self._file.load() or State(position=end)
        # The log of a backup may be shorter than the one that was read.
        state.position = min(state.position, end)
        state.lines = {
            name: state.lines.get(name, Line())  # others are not set up any more
            for name in self._channels
        }
        return state

    def _save(self) -> None:
        self._file.save(self._state)
        self._saved_position = self._state.position

    def _read_on(self) -> bool:
        has_found = False
        while entries := self._flashlog.log.read(
            after=self._state.position, limit=_READ
        ):
            for entry in entries:
                occasion = self._finder.occasion(entry)
                if occasion is not None:
                    for line in self._state.lines.values():
                        line.gather(occasion)
                    has_found = True
            self._state.position = entries[-1].position
        return has_found

    def _make_notices(self) -> bool:
        now, installation = self._now(), self._flashlog.installation
        lines = self._state.lines.values()
        made = [line.make_notices(installation=installation, at=now) for line in lines]
        return any(made)

    def _deliver(self, channel: Channel, line: Line, stop: Signal) -> None:
        """Try what is due, until something does not arrive: then others have a turn."""
        for subject, delivery in list(line.deliveries.items()):
            if stop.is_set():
                return
            if delivery.not_before > self._now():
                continue
            has_arrived = self._could_send(channel, delivery.notice, line, subject)
            self._save()
            if not has_arrived:
                return

    def _could_send(
        self, channel: Channel, notice: Notice, line: Line, subject: str
    ) -> bool:
        try:
            self._send(channel, notice)
        except UndeliveredError as error:
            self._put_off(channel, line, subject, error)
            return False
        _log.info("action=notice_sent notice=%s channel=%s", notice.id, channel.name)
        self._end(line, subject)
        return True

    def _send(self, channel: Channel, notice: Notice) -> None:
        """Let a channel take its limit in all, however slowly the other side goes."""
        sending: Future[None] = Future()

        def send() -> None:
            try:
                channel.send(notice)
            except UndeliveredError as error:
                sending.set_exception(error)
            except Exception as error:  # noqa: BLE001 - one channel keeps no other from telling
                reason = f"{type(error).__name__}: {error}"
                sending.set_exception(UndeliveredError(reason))
            else:
                sending.set_result(None)

        Thread(target=send, daemon=True).start()
        try:
            sending.result(timeout=self._settings.notice_limit_seconds)
        except TimeoutError:
            raise UndeliveredError(TOO_LONG) from None

    def _put_off(
        self, channel: Channel, line: Line, subject: str, error: UndeliveredError
    ) -> None:
        now = self._now()
        delivery = line.deliveries[subject]
        patience = timedelta(seconds=self._settings.notice_patience_seconds)
        is_over = error.is_final or now - delivery.since >= patience
        _log.warning(
            "action=notice_%s notice=%s channel=%s %s",
            "given_up" if is_over else "undelivered",
            delivery.notice.id,
            channel.name,
            error,
        )
        if is_over:
            self._end(line, subject)
            return
        delivery.not_before = now + self._backoff(delivery.tries)
        delivery.tries += 1

    def _end(self, line: Line, subject: str) -> None:
        pause = timedelta(seconds=self._settings.notice_pause_seconds)
        line.end(subject, quiet_until=self._now() + pause)

    def _backoff(self, tries: int) -> timedelta:
        seconds = self._settings.notice_backoff_seconds * 2 ** min(tries, 30)
        return timedelta(
            seconds=min(seconds, self._settings.notice_backoff_max_seconds)
        )

    def _now(self) -> datetime:
        return self._flashlog.clock.now()
