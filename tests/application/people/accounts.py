"""Accounts for tests."""

from uuid import UUID

from application.commands.users import add_user
from application.flashlog import Flashlog


def an_account(flashlog: Flashlog, username: str = "maria", email: str = "") -> UUID:
    return add_user(flashlog, username=username, password="open sesame", email=email)
