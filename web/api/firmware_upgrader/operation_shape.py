"""What an operation has in an answer; `web.representation` fills it in."""

from marshmallow import Schema, fields, validate

from application.queries.operations import STATUSES


class OperationShown(Schema):
    """An upgrade operation; `log` is its story for people, a line an event."""

    id = fields.UUID()
    device = fields.UUID(metadata={"description": "also of one that was deleted"})
    image = fields.UUID(allow_none=True)
    status = fields.String(validate=validate.OneOf(sorted(STATUSES)))
    log = fields.String(metadata={"description": "the story for people"})
    progress = fields.Integer(validate=validate.Range(0, 100))
    modified = fields.DateTime()
    created = fields.DateTime()
    phase = fields.String(metadata={"description": "what is going on"})
    attempt = fields.Integer()
    batch = fields.UUID(allow_none=True)
    retry_of = fields.UUID(allow_none=True)
    owed = fields.List(
        fields.String(), metadata={"description": "what the router is to get back"}
    )
    upgrade_options = fields.Dict()
    cancellable = fields.Boolean()


class NamedOperationShown(OperationShown):
    """An upgrade operation with the names of what it is about; null: it is gone."""

    device_name = fields.String(allow_none=True)
    image_name = fields.String(
        allow_none=True, metadata={"description": "file name of the image"}
    )
    version = fields.String(
        allow_none=True, metadata={"description": "version of the image's build"}
    )
    position = fields.Integer(
        metadata={"description": "of its first event: the feed tells it from there"}
    )


class OperationOfDeviceShown(NamedOperationShown):
    """An upgrade operation among those of its device."""

    class Meta:
        exclude = ("created",)
