"""What the web process keeps for all requests, and how a request gets at it."""

from threading import BoundedSemaphore
from typing import cast

import msgspec
from flask import Flask, current_app, g

from application.feed.follower import Follower
from application.flashlog import Flashlog
from application.stories import Stories
from web.hosts import AllowedHosts
from web.throttling import Throttle

_NAME = "flashlog"


class WebState(msgspec.Struct, kw_only=True):
    """Made once by `create_app`."""

    flashlog: Flashlog
    stories: Stories
    follower: Follower
    waits: BoundedSemaphore
    looks_back: BoundedSemaphore
    hosts: AllowedHosts
    request_throttle: Throttle
    token_throttle: Throttle

    @classmethod
    def of(cls, flashlog: Flashlog) -> "WebState":
        settings = flashlog.settings
        return cls(
            flashlog=flashlog,
            stories=Stories(flashlog.log),
            follower=Follower(flashlog),
            waits=BoundedSemaphore(settings.feed_waits_max),
            looks_back=BoundedSemaphore(settings.past_answers_max),
            hosts=AllowedHosts.of(settings.allowed_hosts, bind=settings.bind),
            request_throttle=Throttle(settings.request_rate_limit),
            token_throttle=Throttle(settings.token_rate_limit, flashlog.storage.asked),
        )


def keep(app: Flask, state: WebState) -> None:
    app.extensions[_NAME] = state


def state() -> WebState:
    """Return the state of the application that answers this request."""
    return cast("WebState", current_app.extensions[_NAME])


def flashlog() -> Flashlog:
    """Return the installation; as it was then, where `as_of` asks for that."""
    then: Flashlog | None = g.get("then")
    return state().flashlog if then is None else then
