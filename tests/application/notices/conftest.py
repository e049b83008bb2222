from collections.abc import Iterator

import pytest

from tests.application.notices.listeners import WebListener, serving
from tests.application.notices.mail_server import MailListener


@pytest.fixture
def web() -> Iterator[WebListener]:
    listener = WebListener()
    with serving(listener.server):
        yield listener


@pytest.fixture
def mail() -> Iterator[MailListener]:
    listener = MailListener()
    with serving(listener.server):
        yield listener
