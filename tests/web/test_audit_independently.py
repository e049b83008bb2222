"""What is published is what others understand who know C2SP and nothing of Flashlog.

The other side is tlog-scales: tiled logs, checkpoints, proofs and cosignatures.
"""

import base64
from hashlib import sha256
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from tlog_scales.reader import TilesReader
from tlog_scales.signing import PlainEd25519Signer, Vkey, VkeySet
from tlog_scales.tlog import (
    Checkpoint,
    ConsistencyProof,
    InclusionProof,
    InclusionProofInvalid,
)

from application.audit.witnesses import Messenger, Witness
from application.flashlog import Flashlog
from application.sealing import seal
from domain.transparency import checkpoint as ours
from domain.transparency.leaf import leaf_of
from domain.transparency.note import Note, SigningKey, VerifierKey
from tests.audit.given import append
from tests.audit.witnessing import witnessing
from tests.web.conftest import Caller

PREFIX = "/api/v1/firmware-upgrader/audit"


class Published:
    """What is served below the prefix of the log, as their reader asks for it."""

    def __init__(self, anybody: Caller) -> None:
        self._anybody = anybody

    def get(self, *path: str) -> bytes | None:
        answer = self._anybody.get("/".join((PREFIX, *path)))
        return bytes(answer.data) if answer.status_code == 200 else None


@pytest.fixture
def sizes(flashlog: Flashlog) -> list[int]:
    """Sign a log several times, at its partial and full tiles."""
    for count in (10, 244, 1, 300):
        append(flashlog.log.recorder, count)
        seal(flashlog)
    return [each.size for each in flashlog.audit.store.checkpoints()]


@pytest.fixture
def reader(anybody: Caller, sizes: list[int]) -> TilesReader:
    return TilesReader(Published(anybody))


def hashes(answer: dict[str, Any]) -> list[bytes]:
    return [base64.b64decode(each) for each in answer["hashes"]]


def test_the_checkpoint_is_signed_with_our_key(
    flashlog: Flashlog, reader: TilesReader, sizes: list[int]
) -> None:
    checkpoint = reader.get_checkpoint()
    assert checkpoint.size == sizes[-1] == flashlog.log.end()
    checkpoint.verify(Vkey.from_string(flashlog.audit.vkey))
    stranger = Vkey.from_string(SigningKey.make(checkpoint.origin).verifier.text)
    with pytest.raises(RuntimeError, match="no signature matched"):
        checkpoint.verify(stranger)


def test_the_tiles_give_the_root_that_was_signed(
    reader: TilesReader, sizes: list[int]
) -> None:
    checkpoint = reader.get_checkpoint()
    assert reader.calculate_root_hash() == checkpoint.root_hash


def test_every_older_root_follows_from_the_tiles(
    flashlog: Flashlog, reader: TilesReader, sizes: list[int]
) -> None:
    newest = reader.get_checkpoint()
    for kept in flashlog.audit.store.checkpoints():
        old = Checkpoint.from_text(kept.note)
        assert reader.mth(0, old.size) == old.root_hash
        proof = reader.get_consistency_proof(old.size, newest.size)
        proof.check(old.root_hash, newest.root_hash)


def test_their_leaves_are_ours(
    flashlog: Flashlog, reader: TilesReader, sizes: list[int]
) -> None:
    newest = reader.get_checkpoint()
    for row in flashlog.audit.rows.all(until=newest.size):
        leaf = sha256(b"\0" + leaf_of(row)).digest()
        if row.position % 37 == 1:
            proof = reader.get_inclusion_proof(row.position - 1, newest.size)
            proof.check(leaf, newest.root_hash)


def test_our_proofs_of_inclusion_hold_for_them(
    anybody: Caller, reader: TilesReader, sizes: list[int]
) -> None:
    for size in sizes:
        for position in {1, size // 2, size}:
            query = f"position={position}&size={size}"
            answer = anybody.get(f"{PREFIX}/inclusion/?{query}").get_json()
            proof = InclusionProof(answer["leaf_index"], size, hashes(answer))
            signed = Checkpoint.from_text(answer["checkpoint"])
            leaf = base64.b64decode(answer["leaf_hash"])
            proof.check(leaf, signed.root_hash)
            with pytest.raises(InclusionProofInvalid):
                proof.check(sha256(leaf).digest(), signed.root_hash)


def test_our_proofs_of_consistency_hold_for_them(
    anybody: Caller, reader: TilesReader, sizes: list[int]
) -> None:
    for old_size in (1, 2, 7, 255, 256, 257, *sizes):
        for size in sizes:
            if old_size > size:
                continue
            query = f"old_size={old_size}&size={size}"
            answer = anybody.get(f"{PREFIX}/consistency/?{query}").get_json()
            proof = ConsistencyProof(old_size, size, hashes(answer))
            proof.check(
                base64.b64decode(answer["old_root"]),
                Checkpoint.from_text(answer["checkpoint"]).root_hash,
            )


def test_what_they_sign_is_signed_for_us() -> None:
    signer = PlainEd25519Signer("example.com/theirs", bytes(range(32)))
    theirs = Checkpoint.make_signed("example.com/theirs", 7, bytes(32), [signer])
    key = VerifierKey.read(str(signer.vkey.serialize()))  # type: ignore[no-untyped-call]
    note = Note.read(theirs.serialize())
    assert note.whole == theirs.serialize()
    assert ours.checkpoint_of(note, key).size == 7


def test_what_a_witness_has_signed_holds_for_them(
    flashlog: Flashlog, reader: TilesReader, sizes: list[int]
) -> None:
    with witnessing(flashlog.audit.key.verifier) as witness:
        store = flashlog.audit.store
        Messenger(store, Witness(witness.url, witness.key), limit_seconds=60).bring()
        vkey = Vkey.from_string(witness.key.text)
    cosigned = reader.get_checkpoint()
    known = VkeySet(Vkey.from_string(flashlog.audit.vkey), vkey)
    assert len(known.verify(cosigned.signatures, cosigned)) == 2
    other = Checkpoint("elsewhere", 7, bytes(32), cosigned.signatures)
    with pytest.raises(InvalidSignature):
        other.verify(vkey)
