"""A person or program that may ask; who they are is in the vault, not in the log."""

from domain.user.events import Joined, LoggedOut, Registered, TokenIssued
from domain.user.user import User
from domain.user.words import Membership, Rights

__all__ = [
    "Joined",
    "LoggedOut",
    "Membership",
    "Registered",
    "Rights",
    "TokenIssued",
    "User",
]
