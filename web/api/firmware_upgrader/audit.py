"""Proof that the log only grew: checkpoints, tiles and proofs, for everybody.

They tell how many events there are and hashes, of which nobody learns an event. By C2SP
tlog-tiles the prefix of the log is the path before `checkpoint`.
"""

from http import HTTPStatus

import msgspec
from flask import Response, request
from marshmallow import Schema, fields

from application.audit import proofs
from application.errors import InvalidError, NotFoundError
from web.answers import json_answer
from web.api.described import Description, Parameter, described
from web.api.resource import PublicResource
from web.event_query import whole
from web.state import flashlog

_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_SIZE = Parameter(
    name="size", meaning="events in the tree; the newest one's", kind="integer"
)


class _Plain(PublicResource):
    """A URL that gives what it has, whatever is accepted."""

    def negotiate(self) -> None:
        pass


class _ProofShown(Schema):
    """Hashes are SHA-256 in base64, ordered as RFC 6962 does."""

    size = fields.Integer(required=True)
    root = fields.String(required=True)
    hashes = fields.List(fields.String(), required=True)
    checkpoint = fields.String(required=True, allow_none=True)


class InclusionShown(_ProofShown):
    """That an event is at its position; `leaf_hash` is the hash of what is stored."""

    position = fields.Integer(required=True)
    leaf_index = fields.Integer(required=True)
    leaf_hash = fields.String(required=True)


class ConsistencyShown(_ProofShown):
    """That a log begins with all that it was when it was smaller."""

    old_size = fields.Integer(required=True)
    old_root = fields.String(required=True)


@described(
    Description(
        answers={HTTPStatus.OK: None},
        media_type="text/plain",
        query=[Parameter(name="size", meaning="which one; the newest", kind="integer")],
    )
)
def _checkpoint() -> Response:
    """Show the newest checkpoint, a signed note, or the one of a size."""
    size = _asked("size")
    store = flashlog().audit.store
    note = (
        proofs.newest_checkpoint(store)
        if size is None
        else proofs.checkpoint_at(store, size)
    )
    return Response(note, mimetype="text/plain")


@described(
    Description(
        answers={HTTPStatus.OK: None}, media_type="application/octet-stream", query=[]
    )
)
def _tile(level: str, number: str) -> Response:
    """Download a tile of hashes, named as C2SP tlog-tiles does."""
    hashes = proofs.tile(flashlog().audit.store, level, number)
    return Response(hashes, headers=_FOR_EVER, mimetype="application/octet-stream")


@described(
    Description(
        answers={HTTPStatus.OK: InclusionShown},
        query=[
            Parameter(name="position", meaning="of the event", kind="integer"),
            _SIZE,
        ],
    )
)
def _inclusion() -> Response:
    """Prove that the log has an event at a position."""
    position, size = _needed("position"), _asked("size")
    proof = proofs.prove_inclusion(flashlog().audit.store, position, size=size)
    return _shown(proof, proof.size)


@described(
    Description(
        answers={HTTPStatus.OK: ConsistencyShown},
        query=[
            Parameter(name="old_size", meaning="events it had", kind="integer"),
            _SIZE,
        ],
    )
)
def _consistency() -> Response:
    """Prove that the log only grew from one size to another."""
    old_size, size = _needed("old_size"), _asked("size")
    proof = proofs.prove_consistency(flashlog().audit.store, old_size, size=size)
    return _shown(proof, proof.size)


def _shown(proof: msgspec.Struct, size: int) -> Response:
    try:
        checkpoint = proofs.checkpoint_at(flashlog().audit.store, size)
    except NotFoundError:
        checkpoint = None
    return json_answer(msgspec.structs.asdict(proof) | {"checkpoint": checkpoint})


def _asked(name: str) -> int | None:
    text = request.args.get(name, "")
    return whole(name, text) if text else None


def _needed(name: str) -> int:
    asked = _asked(name)
    if asked is None:
        raise InvalidError.of(name, "This field is required.")
    return asked


CHECKPOINT = _Plain("checkpoint", get=_checkpoint)
TILE = _Plain("tile", get=_tile)
INCLUSION = PublicResource("inclusion-proof", get=_inclusion)
CONSISTENCY = PublicResource("consistency-proof", get=_consistency)
