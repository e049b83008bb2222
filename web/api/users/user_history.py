"""What happened to an account, event by event."""

from http import HTTPStatus
from uuid import UUID

import msgspec
from flask import Response

from application.queries.histories import Happened
from web.api import histories
from web.api.authentication import asking
from web.api.described import Description, described
from web.api.users.open_resource import PermittedResource
from web.api.users.user import visible


@described(
    Description(
        answers={HTTPStatus.OK: histories.HappenedShown},
        is_list=True,
        query=histories.QUERY,
        refusals=(HTTPStatus.CONFLICT,),
    )
)
def _list(user_id: UUID) -> Response:
    """List what happened to an account, oldest first.

    What the events carry is told to superusers alone, who also see the history of
    somebody who was erased: others manage some of the user's organizations only.
    """
    if asking().is_superuser:
        histories.require_ever_seen("user", user_id, model="User")
        return histories.answer([user_id])
    visible(user_id)
    return histories.answer([user_id], _without_data)


def _without_data(happened: Happened) -> Happened:
    return msgspec.structs.replace(happened, data={})


DETAIL = PermittedResource("user-history", model="user", get=_list)
