"""What the web process keeps for all requests, and how a request gets at it."""

from threading import BoundedSemaphore
from typing import cast

import msgspec
from flask import Flask, current_app

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
            hosts=AllowedHosts.of(settings.allowed_hosts, bind=settings.bind),
            request_throttle=Throttle(settings.request_rate_limit),
            token_throttle=Throttle(settings.token_rate_limit),
        )


def keep(app: Flask, state: WebState) -> None:
    app.extensions[_NAME] = state


def state() -> WebState:
    """Return the state of the application that answers this request."""
    return cast("WebState", current_app.extensions[_NAME])


def flashlog() -> Flashlog:
    return state().flashlog
