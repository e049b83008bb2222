"""A URL where the permission alone counts: of users, groups and organizations."""

from flask import request

from application.access import Account
from web.api.resource import Resource


class PermittedResource(Resource):
    """Nobody need be a manager here; what is shown is what managers manage."""

    def require_manager(self, account: Account) -> None:
        """Refuse nobody."""


class OwnResource(PermittedResource):
    """A URL below a user that needs no permission where it is one's own."""

    def require_permission(self, account: Account) -> None:
        """Refuse who lacks what the method needs, and is not the user."""
        if (request.view_args or {}).get("user_id") != account.user_id:
            super().require_permission(account)
