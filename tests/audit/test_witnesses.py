"""Checkpoints reach those who remember them; what they say is shown if it holds."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from application.adapters.audit_store import AuditStore
from application.adapters.sqlite.connections import Connections
from application.audit.witnesses import (
    Messenger,
    UnwitnessedError,
    Witness,
    witnesses_of,
)
from application.sealing import sealing
from application.settings import Settings, SettingsError
from domain.transparency.note import COSIGNATURE, Note, SigningKey, VerifierKey
from tests.application.houses import opened
from tests.audit.given import House
from tests.audit.test_sealing import until
from tests.audit.witnessing import TestWitness, witnessing
from web.serve import ServeError, serve


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path)
    house.append(24)
    house.sign()
    return house


@pytest.fixture
def witness(house: House) -> Iterator[TestWitness]:
    with witnessing(house.key.verifier) as witness:
        yield witness


@pytest.fixture
def store(house: House) -> Iterator[AuditStore]:
    store = AuditStore(Connections(house.store))
    yield store
    store.close()


@pytest.fixture
def messenger(store: AuditStore, witness: TestWitness) -> Messenger:
    return Messenger(store, Witness(witness.url, witness.key), limit_seconds=60)


def newest(store: AuditStore) -> Note:
    kept = store.newest()
    assert kept is not None
    return Note.read(kept.note)


def test_a_witness_cosigns_and_everybody_is_shown_it(
    house: House, store: AuditStore, messenger: Messenger, witness: TestWitness
) -> None:
    assert messenger.has_news()
    assert messenger.bring() == 25
    assert not messenger.has_news()
    note = newest(store)
    assert [each.name for each in note.signatures] == [
        "flashlog/test",
        "witness.example/w1",
    ]
    note.verify(witness.key)
    note.verify(house.key.verifier)


def test_growth_is_proved_to_a_witness(
    house: House, messenger: Messenger, witness: TestWitness
) -> None:
    for count in (1, 6, 300, 77):
        messenger.bring()
        house.append(count)
        house.sign()
        assert messenger.bring() == witness.known.size
    assert witness.known.size == 25 + 384


def test_a_witness_that_knows_more_than_we_remember_says_so(
    house: House, store: AuditStore, messenger: Messenger, witness: TestWitness
) -> None:
    messenger.bring()
    store.note_known(witness.url, 3)
    house.append(4)
    house.sign()
    assert messenger.bring() == 29
    assert witness.asked == 3


def test_a_log_that_is_shorter_than_its_witness_knows_is_told(
    house: House, store: AuditStore, messenger: Messenger, witness: TestWitness
) -> None:
    messenger.bring()
    store.note_known(witness.url, 0)
    house.tamper("DELETE FROM event WHERE position > 20")
    house.tamper_with_tree("DELETE FROM checkpoint WHERE size > 20")
    with pytest.raises(UnwitnessedError, match="knows of 25 events, the log has 20"):
        messenger.bring()


def test_a_forked_log_is_not_witnessed(
    house: House, store: AuditStore, messenger: Messenger, witness: TestWitness
) -> None:
    messenger.bring()
    house.tamper("UPDATE event SET state = x'7b7d' WHERE position = 20")
    house.tamper_with_tree("DELETE FROM checkpoint", "DELETE FROM tile")
    house.append(5)
    house.sign()
    with pytest.raises(UnwitnessedError, match="answered 422"):
        messenger.bring()


def test_a_refusal_is_told_and_the_next_time_is_a_new_one(
    messenger: Messenger, witness: TestWitness
) -> None:
    witness.statuses = [503, 409]
    with pytest.raises(UnwitnessedError, match="answered 503: not now"):
        messenger.bring()
    with pytest.raises(UnwitnessedError, match="answered 409: not now"):
        messenger.bring()
    assert messenger.bring() == 25


def test_a_witness_that_is_away_is_told(store: AuditStore) -> None:
    nowhere = Witness("http://127.0.0.1:9/")
    with pytest.raises(UnwitnessedError, match=r"127\.0\.0\.1:9"):
        Messenger(store, nowhere, limit_seconds=60).bring()


def test_what_another_key_has_signed_is_not_published(
    store: AuditStore, witness: TestWitness
) -> None:
    stranger = SigningKey.make(witness.key.name).verifier.public
    key = VerifierKey(witness.key.name, stranger, COSIGNATURE)
    messenger = Messenger(store, Witness(witness.url, key), limit_seconds=60)
    with pytest.raises(UnwitnessedError, match="no signature by witness"):
        messenger.bring()
    assert len(newest(store).signatures) == 1


def test_a_false_cosignature_is_not_published(
    store: AuditStore,
    messenger: Messenger,
    witness: TestWitness,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cosigned = witness.cosigned
    monkeypatch.setattr(witness, "cosigned", lambda text: cosigned(f"{text}more\n"))
    with pytest.raises(UnwitnessedError, match="did not sign"):
        messenger.bring()
    assert len(newest(store).signatures) == 1


def test_without_a_key_nothing_of_the_answer_is_published(
    store: AuditStore, witness: TestWitness
) -> None:
    assert Messenger(store, Witness(witness.url), limit_seconds=60).bring() == 25
    assert len(newest(store).signatures) == 1


def test_a_running_service_tells_its_witnesses(tmp_path: Path) -> None:
    with opened(tmp_path) as flashlog:
        key = flashlog.audit.key.verifier
    with witnessing(key) as witness:
        witness.statuses = [500]
        settings = {"witnesses": f"{witness.key.text} {witness.url}"}
        with (
            opened(tmp_path, checkpoint_seconds=0.1, **settings) as flashlog,
            sealing(flashlog),
        ):
            until(lambda: witness.known.size > 0)
            until(lambda: len(newest(flashlog.audit.store).signatures) == 2)


def test_the_setting_is_read() -> None:
    key = VerifierKey("w", bytes(32), COSIGNATURE)
    assert witnesses_of("") == ()
    assert witnesses_of(f" https://a.example/ ,{key.text} http://b:8080/x,") == (
        Witness("https://a.example"),
        Witness("http://b:8080/x", key),
    )


@pytest.mark.parametrize(
    "text",
    [
        "witness.example",
        "ftp://witness.example",
        "http://",
        "http://a:port/",
        "not-a-key http://a",
        f"{VerifierKey('w', bytes(32)).text} http://a",
        f"{VerifierKey('w', bytes(32), COSIGNATURE).text}",
    ],
)
def test_a_setting_that_cannot_be_used_is_told(text: str) -> None:
    with pytest.raises(SettingsError, match="FLASHLOG_WITNESSES"):
        witnesses_of(text)


def test_a_service_does_not_start_with_such_a_setting(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", witnesses="nowhere")
    with pytest.raises(ServeError, match="'nowhere' is no URL of a witness"):
        serve(settings)
    assert not (tmp_path / "data").exists()


def test_a_witness_is_asked_again_whatever_it_is_said_to_know(
    store: AuditStore, messenger: Messenger, witness: TestWitness
) -> None:
    """Whoever may write to the store could keep it from ever hearing of a change."""
    store.note_known(witness.url, 1 << 40)
    assert messenger.has_news()
    assert messenger.bring() == 25
    assert not messenger.has_news()


def test_a_witness_that_does_not_know_our_key_is_told(
    house: House, store: AuditStore
) -> None:
    with witnessing(SigningKey.make("flashlog/other").verifier) as stranger:
        messenger = Messenger(
            store, Witness(stranger.url, stranger.key), limit_seconds=60
        )
        with pytest.raises(UnwitnessedError, match="answered 403"):
            messenger.bring()
    assert len(newest(store).signatures) == 1


def test_a_witness_that_does_not_answer_is_not_waited_for(store: AuditStore) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        slow = Witness(f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(UnwitnessedError, match="timed out"):
            Messenger(store, slow, limit_seconds=0.2).bring()


@pytest.mark.parametrize("answer", ["x\n", "-1\n", f"{10**18}\n", "", "9" * 30 + "\n"])
def test_a_conflict_that_makes_no_sense_is_told(
    messenger: Messenger,
    witness: TestWitness,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
) -> None:
    monkeypatch.setattr(witness, "add", lambda *_: (409, answer))
    with pytest.raises(UnwitnessedError, match=r"409|knows of"):
        messenger.bring()
