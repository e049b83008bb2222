"""Proof of the log over REST, as outsiders ask for it."""

import base64
from typing import Any

import pytest

from application.flashlog import Flashlog
from application.sealing import seal
from domain.transparency.checkpoint import Checkpoint, checkpoint_of
from domain.transparency.note import Note
from domain.transparency.proofs import is_consistent, is_included
from tests.audit.given import append
from tests.domain.transparency import naive
from tests.web.conftest import Caller

PREFIX = "/api/v1/firmware-upgrader/audit"


@pytest.fixture
def newest(flashlog: Flashlog) -> Checkpoint:
    """Sign a log of 300 events and more."""
    append(flashlog.log.recorder, 10)
    seal(flashlog)
    append(flashlog.log.recorder, 300)
    seal(flashlog)
    kept = flashlog.audit.store.newest()
    assert kept is not None
    return Checkpoint.read(Note.read(kept.note).text)


def hashes(answer: dict[str, Any]) -> list[bytes]:
    return [base64.b64decode(each) for each in answer["hashes"]]


@pytest.mark.parametrize("path", ["checkpoint", "checkpoint/"])
def test_everybody_may_read_the_newest_checkpoint(
    flashlog: Flashlog, anybody: Caller, newest: Checkpoint, path: str
) -> None:
    answer = anybody.get(f"{PREFIX}/{path}", headers={"Accept": "text/plain"})
    assert answer.status_code == 200
    assert answer.content_type == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    note = Note.read(answer.text)
    assert checkpoint_of(note, flashlog.audit.key.verifier) == newest


def test_an_older_checkpoint_is_shown_by_its_size(
    flashlog: Flashlog, anybody: Caller, newest: Checkpoint
) -> None:
    old_size = next(iter(flashlog.audit.store.checkpoints())).size
    answer = anybody.get(f"{PREFIX}/checkpoint/?size={old_size}")
    assert Checkpoint.read(Note.read(answer.text).text).size == old_size
    assert anybody.get(f"{PREFIX}/checkpoint/?size=3").status_code == 404
    assert anybody.get(f"{PREFIX}/checkpoint/?size=x").status_code == 400


def test_before_the_first_checkpoint_there_is_nothing_to_show(anybody: Caller) -> None:
    answer = anybody.get(f"{PREFIX}/checkpoint")
    assert answer.status_code == 404
    assert "no checkpoint yet" in answer.get_json()["detail"]
    assert anybody.get(f"{PREFIX}/tile/0/000").status_code == 404
    answer = anybody.get(f"{PREFIX}/inclusion/?position=1")
    assert answer.get_json() == {
        "position": ["Of 0 signed events none has this position."]
    }


def test_tiles_are_served_as_the_specification_names_them(
    anybody: Caller, newest: Checkpoint
) -> None:
    def tile(path: str) -> bytes:
        answer = anybody.get(f"{PREFIX}/tile/{path}")
        assert answer.status_code == 200
        assert answer.content_type == "application/octet-stream"
        assert "immutable" in answer.headers["Cache-Control"]
        return bytes(answer.data)

    leaves = tile("0/000") + tile(f"0/001.p/{newest.size - 256}")
    each = [leaves[at : at + 32] for at in range(0, len(leaves), 32)]
    assert len(each) == newest.size
    assert naive.root_of(each) == newest.root
    assert tile("1/000.p/1") == naive.root_of(each[:256])
    assert tile("0/001.p/3") == leaves[256 * 32 : 259 * 32]


@pytest.mark.parametrize(
    "path",
    ["0/001", "0/002", "1/000", "1/000.p/2", "2/000.p/1", "0/0", "0/x", "entries/000"],
)
def test_other_tiles_are_not_found(
    anybody: Caller, newest: Checkpoint, path: str
) -> None:
    answer = anybody.get(f"{PREFIX}/tile/{path}")
    assert answer.status_code == 404
    assert answer.get_json() == {"detail": "There is no such tile."}


def test_inclusion_is_proved(anybody: Caller, newest: Checkpoint) -> None:
    for position in (1, 200, newest.size):
        answer = anybody.get(f"{PREFIX}/inclusion/?position={position}").get_json()
        assert answer["leaf_index"] == position - 1
        assert Checkpoint.read(Note.read(answer["checkpoint"]).text) == newest
        assert is_included(
            base64.b64decode(answer["leaf_hash"]),
            index=answer["leaf_index"],
            size=newest.size,
            proof=hashes(answer),
            root=newest.root,
        )


def test_consistency_is_proved_between_any_sizes(
    anybody: Caller, newest: Checkpoint
) -> None:
    for old_size, size in ((0, 5), (7, 7), (12, newest.size), (100, 257)):
        query = f"old_size={old_size}&size={size}"
        answer = anybody.get(f"{PREFIX}/consistency/?{query}").get_json()
        assert (answer["checkpoint"] is not None) == (size in {12, newest.size})
        assert is_consistent(
            old_size=old_size,
            old_root=base64.b64decode(answer["old_root"]),
            size=size,
            root=base64.b64decode(answer["root"]),
            proof=hashes(answer),
        )


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("inclusion/", "position"),
        ("inclusion/?position=0", "position"),
        ("inclusion/?position=-1", "position"),
        ("inclusion/?position=1000", "position"),
        ("inclusion/?position=3&size=2", "position"),
        ("inclusion/?position=3&size=1000", "size"),
        ("consistency/", "old_size"),
        ("consistency/?old_size=9&size=8", "old_size"),
        ("consistency/?old_size=9&size=1000", "size"),
        ("consistency/?old_size=9&size=99999999999999999999", "size"),
    ],
)
def test_what_cannot_be_proved_is_told(
    anybody: Caller, newest: Checkpoint, path: str, field: str
) -> None:
    answer = anybody.get(f"{PREFIX}/{path}")
    assert answer.status_code == 400
    assert list(answer.get_json()) == [field]
