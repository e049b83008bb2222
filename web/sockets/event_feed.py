"""The event feed: the log from a position on, and then what happens."""

from application.access import Account
from application.feed.audience import Audience
from application.queries.belonging import Viewer
from web.event_query import asked_events, asked_position
from web.sockets.admission import account_now, forbidden, seated
from web.sockets.hub import Hub, hub
from web.sockets.listening import Listening
from web.state import state


class FeedListening(Listening):
    """A client that is told every event it may see and wants, from `after` on."""

    def __init__(self, hub_: Hub, audience: Audience, *, after: int) -> None:
        super().__init__(hub_, seated(told=after))
        self._audience = audience

    def may_go_on(self) -> bool:
        """Who sees more or less than before is to come back, and told from where."""
        account = account_now()
        return account is not None and _viewer_of(account) == self._audience.viewer

    def begin(self) -> None:
        self._catch_up(is_first=True)

    def go_on_slowly(self) -> None:
        """Let a client that did not keep up go on at its own pace: the log waits."""
        self._catch_up(is_first=False)

    def _catch_up(self, *, is_first: bool) -> None:
        self.hub.events.catch_up(
            self.flashlog,
            self.client,
            self._audience,
            is_first=is_first,
            look_again=self.look_again,
        )


def to_events(account: Account) -> Listening:
    viewer = _viewer_of(account)
    if viewer is None:
        raise forbidden()
    audience = Audience(viewer=viewer, wanted=asked_events())
    return FeedListening(hub(), audience, after=asked_position(state().flashlog))


def may_follow(account: Account) -> bool:
    """Whether the feed lets this account in."""
    return _viewer_of(account) is not None


def _viewer_of(account: Account) -> Viewer | None:
    """Return what an account sees over WebSockets: nothing without being staff."""
    viewer = Viewer.of(account)
    is_let_in = account.is_superuser or (account.is_staff and viewer.sees_anything())
    return viewer if is_let_in else None
