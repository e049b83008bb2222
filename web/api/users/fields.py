"""Fields that only bodies of users and groups have."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from marshmallow import ValidationError, fields

from application.roles import BY_NUMBER
from web.api.fields import (
    NO_OBJECT,
    NO_SUCH_PK,
    NOT_NULL,
    REQUIRED,
    BlankIsNull,
    Body,
    Id,
    Text,
    Truth,
    loaded,
)

_TEXTS: dict[str, Any] = {"required": REQUIRED, "null": NOT_NULL}
_NO_DATE = "Date has wrong format. Use one of these formats instead: YYYY-MM-DD."
_NO_LIST = 'Expected a list of items but got type "{kind}".'
_NO_NUMBER = "Incorrect type. Expected pk value, received {kind}."
_NUMBER_LENGTH_MAX = 9
_NUMBER_MAX = 10**_NUMBER_LENGTH_MAX


class Secret(Text):
    """A text that is taken as it is, blanks and all."""

    def _deserialize(
        self,
        value: Any,
        attr: str | None,
        data: Mapping[str, Any] | None,
        **others: Any,
    ) -> str:
        super()._deserialize(value, attr, data, **others)
        return str(value)


class Day(BlankIsNull, fields.Date):
    """A date; a form's blank is null."""

    default_error_messages = _TEXTS | {"invalid": _NO_DATE}

    def __init__(self, **others: Any) -> None:
        super().__init__(format="iso", allow_none=True, **others)


class Numbers(fields.List[Any]):
    """Integer ids of other things, each once, in their order."""

    def __init__(self, **others: Any) -> None:
        super().__init__(fields.Integer(), **others)
        self.error_messages |= _TEXTS

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any
    ) -> list[Any]:
        if isinstance(value, str):
            # A form has one value, or none.
            value = [value] if value else []
        if not isinstance(value, list):
            raise ValidationError(_NO_LIST.format(kind=type(value).__name__))
        return sorted({self._number(each) for each in value})

    def _number(self, value: Any) -> int:
        is_digits = (
            isinstance(value, str)
            and value.isascii()
            and value.isdecimal()
            and len(value) <= _NUMBER_LENGTH_MAX
        )
        if is_digits or (isinstance(value, int) and not isinstance(value, bool)):
            if not 0 < int(value) < _NUMBER_MAX:
                raise ValidationError(NO_SUCH_PK)
            return int(value)
        raise ValidationError(_NO_NUMBER.format(kind=type(value).__name__))


class Permissions(Numbers):
    """Permissions by number, or by text that begins with it; names come out."""

    def _deserialize(
        self,
        value: Any,
        attr: str | None,
        data: Mapping[str, Any] | None,
        **others: Any,
    ) -> list[Any]:
        numbers = super()._deserialize(value, attr, data, **others)
        for number in numbers:
            if number not in BY_NUMBER:
                raise ValidationError(NO_SUCH_PK)
        return [BY_NUMBER[number].name for number in numbers]

    def _number(self, value: Any) -> int:
        if isinstance(value, str):
            value = value.partition(":")[0].strip()
        return super()._number(value)


class MembershipBody(Body):
    """An organization, and whether as its manager."""

    organization = Id(required=True, allow_none=True)
    is_admin = Truth(load_default=False)


class OneMembership(fields.Field[Any]):
    """One membership: an object, or a list whose first element is meant.

    Comes out as a pair, or None where nothing is meant: where null is the
    organization, or the body is one that changes only what it names.
    """

    default_error_messages = _TEXTS

    def _deserialize(
        self,
        value: Any,
        attr: str | None,
        data: Mapping[str, Any] | None,
        *,
        partial: bool | None = None,
        **_: Any,
    ) -> tuple[UUID, bool] | None:
        if isinstance(value, str):
            try:
                value = msgspec.json.decode(value)
            except (msgspec.DecodeError, UnicodeError, RecursionError):
                raise ValidationError({"non_field_errors": [NO_OBJECT]}) from None
        if isinstance(value, list):
            value = value[0] if value else {}
        if not isinstance(value, dict):
            raise ValidationError({"non_field_errors": [NO_OBJECT]})
        if partial and "organization" not in value:
            return None
        found = loaded(MembershipBody, value)
        organization = found["organization"]
        return (organization, found["is_admin"]) if organization else None
