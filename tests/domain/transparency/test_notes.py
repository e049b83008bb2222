import pytest

from domain.transparency.checkpoint import Checkpoint, checkpoint_of
from domain.transparency.note import (
    Note,
    NoteError,
    SignatureError,
    SigningKey,
    VerifierKey,
)

# The example of C2SP signed-note.
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n"
    "\n"
    "\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYN"
    "ZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
ORIGIN = "flashlog/one"
KEY = SigningKey.make(ORIGIN)
CHECKPOINT = Checkpoint(ORIGIN, 7, bytes(range(32)))


def test_the_example_of_the_specification_verifies() -> None:
    key = VerifierKey.read(EXAMPLE_KEY)
    assert key.text == EXAMPLE_KEY
    note = Note.read(EXAMPLE)
    assert note.whole == EXAMPLE
    note.verify(key)


def test_a_changed_text_does_not() -> None:
    note = Note.read(EXAMPLE.replace("message", "massage"))
    with pytest.raises(SignatureError, match="not by its key 530d903a"):
        note.verify(VerifierKey.read(EXAMPLE_KEY))


def test_a_key_is_written_and_read() -> None:
    again = SigningKey.read(f"{KEY.text}\n")
    assert again.verifier == KEY.verifier == VerifierKey.read(f" {KEY.verifier.text}\n")
    assert again.sign("x\n") == KEY.sign("x\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com/foo",
        EXAMPLE_KEY.replace("530d903a", "530d903b"),
        EXAMPLE_KEY.replace("foo", "bar"),
        EXAMPLE_KEY[:-4],
        EXAMPLE_KEY.replace("+Aeky", "+Beky"),
        EXAMPLE_KEY.replace("example.com/foo", "example com"),
        EXAMPLE_KEY.replace("example.com/foo", ""),
    ],
)
def test_a_damaged_key_is_told(text: str) -> None:
    with pytest.raises(NoteError, match=r"key|damaged"):
        VerifierKey.read(text)
    with pytest.raises(NoteError, match="private"):
        SigningKey.read(text)


def test_a_checkpoint_is_signed_and_read() -> None:
    note = CHECKPOINT.signed(KEY)
    assert note.whole.startswith(
        "flashlog/one\n7\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\n"
        "\u2014 flashlog/one "
    )
    assert checkpoint_of(Note.read(note.whole), KEY.verifier) == CHECKPOINT


def test_signatures_of_others_are_let_be() -> None:
    other = SigningKey.make("witness.example/w1")
    note = CHECKPOINT.signed(KEY)
    both = Note(note.text, (other.sign(note.text), *note.signatures))
    assert checkpoint_of(Note.read(both.whole), KEY.verifier) == CHECKPOINT


def test_a_checkpoint_by_another_key_is_refused_even_under_the_same_name() -> None:
    note = CHECKPOINT.signed(SigningKey.make(ORIGIN))
    with pytest.raises(SignatureError, match="not signed by flashlog/one with key"):
        checkpoint_of(note, KEY.verifier)


def test_a_second_signature_in_our_name_that_is_false_spoils_the_note() -> None:
    note = CHECKPOINT.signed(KEY)
    false = KEY.sign("something else\n")
    with pytest.raises(SignatureError):
        Note(note.text, (*note.signatures, false)).verify(KEY.verifier)


def test_a_checkpoint_of_another_log_is_refused() -> None:
    text = Checkpoint("flashlog/two", 7, bytes(32)).text
    with pytest.raises(NoteError, match="of flashlog/two, not of flashlog/one"):
        checkpoint_of(Note(text, (KEY.sign(text),)), KEY.verifier)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n7\n",
        "origin\n7\nAAAA\n",
        f"origin\n07\n{'A' * 43}=\n",
        f"origin\n-7\n{'A' * 43}=\n",
        f"origin\n\u0667\n{'A' * 43}=\n",
        f"origin\n{'9' * 30}\n{'A' * 43}=\n",
        f"\n7\n{'A' * 43}=\n",
        f"origin\n7\n{'A' * 43}=\n\nmore\n",
        f"origin\n7\n{'A' * 43}=",
    ],
)
def test_what_is_no_checkpoint_is_told(text: str) -> None:
    with pytest.raises(NoteError):
        Checkpoint.read(text)


def test_extension_lines_are_kept() -> None:
    text = f"origin\n0\n{'A' * 43}=\nmore of it\n"
    checkpoint = Checkpoint.read(text)
    assert checkpoint.extensions == ("more of it",)
    assert checkpoint.text == text


@pytest.mark.parametrize(
    "whole",
    [
        "",
        "no signature\n",
        "no signature\n\n",
        EXAMPLE.removesuffix("\n"),
        EXAMPLE.replace("\u2014", "-"),
        EXAMPLE.replace("an example", "an\texample"),
        EXAMPLE.replace("Uw2Q", "U*2Q"),
        "text\n\n\u2014 name AAAA\n",
        "text\n\n" + "\u2014 name AAAAAAAA\n" * 100,
    ],
)
def test_what_is_no_note_is_told(whole: str) -> None:
    with pytest.raises(NoteError):
        Note.read(whole)
