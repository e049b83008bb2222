"""Clients of the event feed: each is told the log, as far as it sees and wants it."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from threading import BoundedSemaphore
from time import monotonic, sleep

import msgspec

from application.feed.audience import Audience
from application.feed.follower import Follower
from application.feed.occurrence import Occurrence
from application.feed.pages import read_page
from application.flashlog import Flashlog
from web.sockets.client import Client
from web.sockets.frames import News, text_frame

# Pages that are made at the same time; more would only keep others from working.
_PAGES_AT_ONCE = 2
# After each page others have their turn.
_BREATH_SECONDS = 0.001
# How often a client that is ahead of the read models looks again.
_LOOK_SECONDS = 0.02


class EventClients:
    """Those who have caught up are told by the follower, the others by themselves."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower
        self._groups: defaultdict[Audience, set[Client]] = defaultdict(set)
        self._pages = BoundedSemaphore(_PAGES_AT_ONCE)

    def tell(self, occurrences: Sequence[Occurrence]) -> None:
        """Tell what happened; the follower calls this."""
        for audience, clients in self._groups.items():
            wanted = [each for each in occurrences if audience.takes(each)]
            if wanted:
                news = _news(wanted)
                for client in clients:
                    client.push(news)

    def pulse(self) -> None:
        """Tell everybody how far the log is; the follower calls this."""
        position = self._follower.position
        frame = position_frame("position", position)
        for clients in self._groups.values():
            for client in clients:
                if client.told <= position:
                    client.remark(frame, told=position)

    def leave(self, client: Client) -> None:
        """Tell a client no more; under the follower's lock."""
        for audience in [each for each, all_ in self._groups.items() if client in all_]:
            self._groups[audience].discard(client)
            if not self._groups[audience]:
                del self._groups[audience]

    def catch_up(
        self,
        flashlog: Flashlog,
        client: Client,
        audience: Audience,
        *,
        is_first: bool,
        look_again: Callable[[], None],
    ) -> None:
        """Tell a client, in its own thread, what it has missed; then it goes with all.

        `look_again` is called between pages and may close the client. Raises
        StalledError.
        """
        settings = flashlog.settings
        stall_seconds = settings.websocket_stall_seconds
        pulse_at = monotonic() + settings.feed_position_seconds
        while client.is_open and not self._join(client, audience, is_first=is_first):
            with self._pages:
                page = read_page(
                    flashlog, after=client.told, until=self._follower.position
                )
                wanted = list(filter(audience.takes, page.occurrences)) if page else []
                frames = _news(wanted).joined if wanted else b""
            if page is None:  # the read models are being made anew
                client.hear(seconds=_LOOK_SECONDS)
                continue
            if not wanted and monotonic() >= pulse_at:
                frames = position_frame("position", page.position)
            if frames:
                pulse_at = monotonic() + settings.feed_position_seconds
            client.say(
                frames,
                told=page.position,
                stall_seconds=stall_seconds,
                meanwhile=look_again,
            )
            look_again()
            sleep(_BREATH_SECONDS)

    def _join(self, client: Client, audience: Audience, *, is_first: bool) -> bool:
        """Let the client go with all others, if they are not too far ahead."""
        with self._follower.lock:
            missed = self._follower.recent(client.told)
            if missed is None:
                return False
            self.leave(client)
            client.catch_breath()
            wanted = [each for each in missed if audience.takes(each)]
            position = max(client.told, self._follower.position)
            frames = [_news(wanted).joined] if wanted else []
            if is_first:
                frames.append(position_frame("caught_up", position))
            client.release(frames, position=position)
            self._groups[audience].add(client)
            return True


def position_frame(kind: str, position: int) -> bytes:
    return text_frame(msgspec.json.encode({"type": kind, "position": position}))


def _news(occurrences: Sequence[Occurrence]) -> News:
    return News([(each.position, text_frame(each.encoded)) for each in occurrences])
