"""One client and what it listens to, from the door to the end of the conversation."""

from abc import ABC, abstractmethod
from time import monotonic

import msgspec

from application.flashlog import Flashlog
from web.metering import CLIENTS_DROPPED
from web.sockets.client import Client, StalledError
from web.sockets.codes import POLICY_VIOLATION, TOO_SLOW
from web.sockets.hub import Hub


class Listening(ABC):
    """A client that was let in; whoever made it calls `end`, once or more often."""

    def __init__(self, hub: Hub, client: Client) -> None:
        self.hub = hub
        self.client = client
        self._recheck_at = 0.0

    @property
    def flashlog(self) -> Flashlog:
        return self.hub.flashlog

    @abstractmethod
    def may_go_on(self) -> bool:
        """Whether the client may still listen to this."""

    def begin(self) -> None:  # noqa: B027 - most say nothing unasked
        """Say what a client is told unasked, once its connection is there."""

    def answer(self) -> None:  # noqa: B027 - some have no state to tell
        """Tell the client the present state."""

    def go_on_slowly(self) -> None:
        """Decide what becomes of a client that did not keep up."""
        self._dismiss()

    def look_again(self) -> None:
        """Close, where it is time to look, whoever may not listen any more."""
        if monotonic() < self._recheck_at:
            return
        if not self.may_go_on() and not self._are_views_behind():
            self.client.close(POLICY_VIOLATION, "you may not listen any more")
        pause = self.flashlog.settings.websocket_recheck_seconds
        self._recheck_at = monotonic() + pause

    def converse(self) -> None:
        """Listen to the client until it or we close.

        Raises simple_websocket's ConnectionClosed.
        """
        try:
            self._converse()
        except StalledError:
            self._dismiss()

    def end(self) -> None:
        self.hub.leave(self.client)

    def _converse(self) -> None:
        settings = self.flashlog.settings
        self._recheck_at = monotonic() + settings.websocket_recheck_seconds
        self.begin()
        while True:
            self.client.drain(
                stall_seconds=settings.websocket_stall_seconds,
                meanwhile=self.look_again,
            )
            if self.client.is_slow:
                self.go_on_slowly()
            said = self.client.receive(seconds=self._recheck_at - monotonic())
            if said is not None and _asks_for_state(said):
                self.answer()
            self.look_again()

    def _are_views_behind(self) -> bool:
        """Whether the read models are being made anew: they know nobody until then.

        Nobody is told anything meanwhile.
        """
        return self.flashlog.views.position() < self.hub.follower.position

    def _dismiss(self) -> None:
        CLIENTS_DROPPED.labels("slow").inc()
        self.client.close(TOO_SLOW, "too slow")


def _asks_for_state(said: str | bytes) -> bool:
    """Whether this is the one request there is; anything else is ignored."""
    if not isinstance(said, str):
        return False
    try:
        message = msgspec.json.decode(said)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False
    return isinstance(message, dict) and message.get("type") == "request_current_state"
