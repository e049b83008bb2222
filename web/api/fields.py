"""Fields of what a client sends, with the sentences that clients know.

They take JSON and forms alike: a form says `true`, and an object as JSON text.
"""

from collections.abc import Collection, Mapping
from ipaddress import ip_address
from typing import Any
from uuid import UUID

import msgspec
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

REQUIRED = "This field is required."
NOT_NULL = "This field may not be null."
NOT_BLANK = "This field may not be blank."
NO_OBJECT = "Invalid data. Expected a dictionary."
NOT_A_UUID = "The value is not a valid UUID."
# What was submitted is not said again: it may be a thing of somebody else.
NO_SUCH_PK = "Invalid pk - object does not exist."
NO_CHOICE = "Select a valid choice. That choice is not one of the available choices."

LENGTH_MAX = 65536
_PACKAGE_LENGTH_MAX = 128
_PACKAGES_MAX = 1000
_TEXTS: dict[str, Any] = {
    "required": REQUIRED,
    "null": NOT_NULL,
    "invalid": "Not a valid value.",
}


class Body(Schema):
    """The fields that a client may send; others are ignored."""

    error_messages = {"type": NO_OBJECT}  # noqa: RUF012 - marshmallow's own form

    class Meta:
        unknown = EXCLUDE


class Text(fields.String):
    """A text, or a number that is taken as one; without outer blanks.

    Also one of which nothing is said has an end (LENGTH_MAX).
    """

    default_error_messages = _TEXTS | {
        "invalid": "Not a valid string.",
        "blank": NOT_BLANK,
        "nul": "Null characters are not allowed.",
    }

    def __init__(
        self, *, length_max: int = LENGTH_MAX, blank: bool = False, **others: Any
    ) -> None:
        too_long = f"Ensure this field has no more than {length_max} characters."
        super().__init__(**others)
        self.validators.insert(0, validate.Length(max=length_max, error=too_long))
        self.blank = blank

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any
    ) -> str:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self.make_error("invalid")
        text = str(value).strip()
        if not text and not self.blank:
            raise self.make_error("blank")
        if "\0" in text:
            raise self.make_error("nul")
        return text


class Truth(fields.Boolean):
    """A yes or no, in the words of forms too."""

    default_error_messages = _TEXTS | {"invalid": "Must be a valid boolean."}


class BlankIsNull(fields.Field[Any]):
    """What a form leaves blank is null."""

    def deserialize(
        self,
        value: Any,
        attr: str | None = None,
        data: Mapping[str, Any] | None = None,
        **others: Any,
    ) -> Any:
        meant = None if value == "" else value
        return super().deserialize(meant, attr, data, **others)


class Id(BlankIsNull, fields.UUID):
    """A reference to something else; a form's blank is null."""

    default_error_messages = _TEXTS | {"invalid_uuid": NOT_A_UUID}

    def _validated(self, value: Any) -> UUID:
        if not isinstance(value, str):
            raise self.make_error("invalid_uuid")
        return super()._validated(value)


class Whole(fields.Integer):
    """A whole number."""

    default_error_messages = _TEXTS | {
        "invalid": "A valid integer is required.",
        "too_large": "A valid integer is required.",
    }

    def __init__(
        self, *, least: int | None = None, most: int | None = None, **others: Any
    ) -> None:
        others["validate"] = validate.Range(
            least,
            most,
            error=f"Ensure this value is between {least} and {most}.",
        )
        super().__init__(**others)

    def _validated(self, value: Any) -> int:
        is_fraction = isinstance(value, float) and not value.is_integer()
        if isinstance(value, bool) or is_fraction:
            raise self.make_error("invalid")
        return super()._validated(value)


class Choice(Text):
    """One of some words."""

    def __init__(self, choices: Collection[str], **others: Any) -> None:
        super().__init__(**others)
        self.choices = tuple(choices)
        self.validators.append(
            validate.OneOf(self.choices, error='"{input}" is not a valid choice.')
        )


class Address(Text):
    """An IPv4 or IPv6 address; blank is null."""

    default_error_messages = _TEXTS | {"address": "Enter a valid IPv4 or IPv6 address."}

    def __init__(self, **others: Any) -> None:
        super().__init__(blank=True, allow_none=True, **others)

    def deserialize(
        self,
        value: Any,
        attr: str | None = None,
        data: Mapping[str, Any] | None = None,
        **others: Any,
    ) -> Any:
        found = super().deserialize(value, attr, data, **others)
        if not isinstance(found, str) or not found:
            return None if found == "" else found
        try:
            return str(ip_address(found))
        except ValueError:
            raise self.make_error("address") from None


class Object(fields.Dict):
    """A JSON object, or a form's text of one."""

    default_error_messages = _TEXTS | {"invalid": "Value must be valid JSON object."}

    def _deserialize(
        self,
        value: Any,
        attr: str | None,
        data: Mapping[str, Any] | None,
        **others: Any,
    ) -> dict[Any, Any]:
        if isinstance(value, str):
            try:
                value = msgspec.json.decode(value)
            except (msgspec.DecodeError, UnicodeError, RecursionError):
                raise self.make_error("invalid") from None
        if not isinstance(value, dict):
            raise self.make_error("invalid")
        return value


class Texts(fields.List[Any]):
    """A list of texts; a form gives it as JSON text, and one text alone as itself."""

    default_error_messages = _TEXTS | {"invalid": "Expected a list of items."}

    def __init__(self, **others: Any) -> None:
        super().__init__(Text(), **others)

    def _deserialize(
        self,
        value: Any,
        attr: str | None,
        data: Mapping[str, Any] | None,
        **others: Any,
    ) -> list[Any]:
        if isinstance(value, str):
            value = _listed(value)
        if not isinstance(value, list):
            raise self.make_error("invalid")
        try:
            return super()._deserialize(value, attr, data, **others)
        except ValidationError as error:
            # Clients know sentences by field, not by the place in a list.
            raise ValidationError(_sentences(error.messages)) from None


class Packages(Texts):
    """Names of packages, no more of them than a router has."""

    def __init__(self, **others: Any) -> None:
        too_many = f"Ensure this field has no more than {_PACKAGES_MAX} elements."
        most = validate.Length(max=_PACKAGES_MAX, error=too_many)
        super().__init__(validate=most, **others)
        self.inner = Text(length_max=_PACKAGE_LENGTH_MAX)


def _listed(text: str) -> Any:
    if not text.strip():
        return []
    if not text.lstrip().startswith("["):
        return [text]
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return text


def _sentences(messages: Any) -> list[str]:
    found = messages.values() if isinstance(messages, Mapping) else [messages]
    return [sentence for each in found for sentence in each]


def loaded(
    schema: type[Body], sent: Mapping[str, Any], *, is_partial: bool = False
) -> dict[str, Any]:
    """Return the fields as they are meant. Raises ValidationError."""
    found = schema().load(dict(sent), partial=is_partial)
    if not isinstance(found, dict):
        raise ValidationError(NO_OBJECT)
    return found
