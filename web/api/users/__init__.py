"""Users and what they log in with."""

from flask import Blueprint

from web.api.users import token

blueprint = Blueprint("users", __name__, url_prefix="/api/v1/users")

token.RESOURCE.add_to(blueprint, "/token/")
