"""Who people are: their entries in the vault, which the log knows by ids alone."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from application.adapters.vault import Vault

KIND = "person"
NO_EMAIL = "Enter a valid email address."
NO_URL = "Enter a valid URL."
_NAME_LENGTH_MAX = 150
_EMAIL_LENGTH_MAX = 254
_USERNAME = re.compile(r"[\w.@+-]+")
_EMAIL = re.compile(r"[^@\s\x00-\x20\"(),:;<>\[\]\\]+@(localhost|([\w-]+\.)+[\w-]{2,})")
_URL = re.compile(r"https?://[^\s/?#]+([/?#]\S*)?", re.IGNORECASE)
_PHONE = re.compile(r"\+[1-9][0-9]{5,14}")
_PHONE_SEPARATORS = re.compile(r"[\s()./-]")


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of somebody; blank where nothing is."""

    username: str
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    phone_number: str | None = None
    birth_date: date | None = None
    bio: str = ""
    url: str = ""
    company: str = ""
    location: str = ""
    notes: str = ""

    def changed(self, changes: Mapping[str, Any]) -> "Person":
        """Return the person with some fields as they are meant to be kept."""
        found = msgspec.structs.replace(self, **changes)
        phone = _PHONE_SEPARATORS.sub("", found.phone_number or "")
        return msgspec.structs.replace(found, phone_number=phone or None)

    def wrong(self) -> dict[str, list[str]]:
        """Return what is wrong with each field that is."""
        return {field: [message] for field, message in self._wrong()}

    def _wrong(self) -> Iterator[tuple[str, str]]:
        if not 0 < len(self.username) <= _NAME_LENGTH_MAX:
            yield "username", f"Give a name of 1 to {_NAME_LENGTH_MAX} characters."
        elif not _USERNAME.fullmatch(self.username):
            yield (
                "username",
                "Enter a valid username: only letters, numbers and @/./+/-/_.",
            )
        if self.email and not is_email(self.email):
            yield "email", NO_EMAIL
        if self.url and not is_url(self.url):
            yield "url", NO_URL
        if self.phone_number and not _PHONE.fullmatch(self.phone_number):
            yield (
                "phone_number",
                "Enter a phone number with its country code, for example +39061234567.",
            )

    @property
    def keys(self) -> Mapping[str, str]:
        """What nobody else may have, by field."""
        fields = ("username", "email", "phone_number")
        return {
            field: value for field in fields if (value := getattr(self, field, None))
        }


def is_email(text: str) -> bool:
    return len(text) <= _EMAIL_LENGTH_MAX and bool(_EMAIL.fullmatch(text))


def is_url(text: str) -> bool:
    return bool(_URL.fullmatch(text))


def kept(person: Person) -> dict[str, Any]:
    """Return a person as the vault keeps them."""
    content: dict[str, Any] = msgspec.to_builtins(person)
    return content


def person_in(vault: Vault, person_id: UUID) -> Person:
    """Return a person of the vault. Raises NotFoundError for one that was erased."""
    return msgspec.convert(vault.get(person_id, kind=KIND), Person)


def persons_in(vault: Vault, person_ids: Sequence[UUID]) -> dict[UUID, Person]:
    """Return those of some people that were not erased."""
    return {
        person_id: msgspec.convert(content, Person)
        for person_id, content in vault.get_some(person_ids, kind=KIND).items()
    }
