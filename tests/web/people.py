"""People of each role, as callers of the interface."""

from typing import Any
from uuid import UUID, uuid4

from werkzeug.test import Client, TestResponse

from application.commands.memberships import set_membership
from application.commands.users import add_user, find_user, token_of
from application.flashlog import Flashlog
from domain.group import ADMINISTRATOR, OPERATOR
from domain.user import Rights, User

PASSWORD = "tester"


class Caller:
    """Somebody with a token (or none) who calls the interface."""

    def __init__(
        self,
        client: Client,
        token: str | None = None,
        *,
        user_id: UUID | None = None,
    ) -> None:
        self.user_id = user_id
        self._client = client
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def __call__(self, method: str, path: str, **kwargs: Any) -> TestResponse:
        headers = self._headers | kwargs.pop("headers", {})
        return self._client.open(path, method=method, headers=headers, **kwargs)

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self("GET", path, **kwargs)

    def post(self, path: str, **kwargs: Any) -> TestResponse:
        return self("POST", path, **kwargs)

    def put(self, path: str, **kwargs: Any) -> TestResponse:
        return self("PUT", path, **kwargs)

    def patch(self, path: str, **kwargs: Any) -> TestResponse:
        return self("PATCH", path, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> TestResponse:
        return self("DELETE", path, **kwargs)


class People:
    """Makes accounts; each name is given once."""

    def __init__(self, flashlog: Flashlog, client: Client) -> None:
        self._flashlog = flashlog
        self._client = client

    def anonymous(self) -> Caller:
        return Caller(self._client)

    def superuser(self) -> Caller:
        return self.caller(self.user(is_superuser=True, is_staff=True))

    def administrator(self, *organizations: UUID) -> Caller:
        """In the group Administrator and a manager of these organizations."""
        groups = (ADMINISTRATOR.number,)
        made = self.user(*organizations, is_admin=True, is_staff=True, groups=groups)
        return self.caller(made)

    def operator(self, *organizations: UUID) -> Caller:
        """In the group Operator and a manager of these organizations."""
        groups = (OPERATOR.number,)
        made = self.user(*organizations, is_admin=True, is_staff=True, groups=groups)
        return self.caller(made)

    def manager_without_permissions(self, *organizations: UUID) -> Caller:
        return self.caller(self.user(*organizations, is_admin=True, is_staff=True))

    def member(self, *organizations: UUID) -> Caller:
        """With every permission of administrators, but a manager of nothing."""
        groups = (ADMINISTRATOR.number,)
        return self.caller(self.user(*organizations, is_staff=True, groups=groups))

    def user(
        self,
        *organizations: UUID,
        is_admin: bool = False,
        name: str = "",
        **rights: Any,
    ) -> UUID:
        """Make an account in these organizations; returns its id."""
        flashlog = self._flashlog
        username = name or f"user-{uuid4().hex[:8]}"
        user_id = add_user(flashlog, username=username, password=PASSWORD)
        user = flashlog.log.get(User, user_id)
        user.change(Rights(**rights))
        flashlog.show(flashlog.log.append(user))
        for organization_id in organizations:
            set_membership(
                flashlog,
                user_id=user_id,
                organization_id=organization_id,
                is_admin=is_admin,
            )
        return user_id

    def caller(self, user_id: UUID) -> Caller:
        token = token_of(self._flashlog, user_id=user_id)
        return Caller(self._client, token, user_id=user_id)

    def named(self, name: str) -> UUID:
        return find_user(self._flashlog, name).id
