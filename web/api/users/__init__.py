"""Users and what they log in with."""

from flask import Blueprint

from web.api.users import group, organization, password, token, user, user_history

blueprint = Blueprint("users", __name__, url_prefix="/api/v1/users")

for _rule, _resource in (
    ("/token/", token.RESOURCE),
    ("/user/", user.LIST),
    ("/user/<uuid:user_id>/", user.DETAIL),
    ("/user/<uuid:user_id>/history/", user_history.DETAIL),
    ("/user/<uuid:user_id>/password/", password.RESOURCE),
    ("/group/", group.LIST),
    ("/group/<int:group_id>/", group.DETAIL),
    ("/organization/", organization.LIST),
    ("/organization/<uuid:organization_id>/", organization.DETAIL),
):
    _resource.add_to(blueprint, _rule)
