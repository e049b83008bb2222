"""What is kept of a visit: all that was said and answered, no secret, not too much."""

import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest

from application.adapters.recording_store import RecordingStore
from application.errors import LinkLostError
from application.ports import (
    Completed,
    HostKey,
    JumpHost,
    Limits,
    Login,
    Target,
)
from application.recordings.lines import (
    AnyLine,
    CommandLine,
    LeftOutLine,
    OpenedLine,
    VisitLine,
    decode,
)
from application.recordings.recorder import Recorder
from application.recordings.session import RecordingConnector
from application.scripts import render
from application.settings import Settings

PASSWORD, PASSPHRASE = "correct 'horse' battery", "öffne dich"
KEY_LINE = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW"
PRIVATE_KEY = (
    f"-----BEGIN OPENSSH PRIVATE KEY-----\n{KEY_LINE}\n"
    "-----END OPENSSH PRIVATE KEY-----\n"
)
HOST_KEY = HostKey(type="ssh-ed25519", base64="AAAA", fingerprint="SHA256:abc")


class Answering:
    """A session that answers everything alike, and the connector that opens it."""

    address, port, credentials_id = "10.0.0.7", 22, UUID(int=1)
    refused: ClassVar[dict[UUID, str]] = {}
    host_key, jump_host_keys = HOST_KEY, ()
    weak_algorithms, round_trip_seconds = False, 0.01

    def __init__(self, answer: bytes | Exception, stderr: bytes = b"") -> None:
        self.answer, self.stderr = answer, stderr

    def open(self, target: Target, limits: Limits) -> Any:
        return self

    def execute(self, command: str, **limits: Any) -> Completed:
        if isinstance(self.answer, Exception):
            raise self.answer
        return Completed(
            exit_status=0, stdout=self.answer, stderr=self.stderr, seconds=0.1
        )

    def close(self) -> None:
        pass


class Keeping:
    """A recorder of one visit, and what it has kept."""

    def __init__(self, directory: Path, **settings: Any) -> None:
        self.store = RecordingStore(directory / "recordings")
        self.settings = Settings(data_dir=directory, **settings)
        self.recorder = Recorder(self.store, self.settings, self._visit)

    def _visit(self) -> VisitLine:
        return VisitLine(
            operation=UUID(int=7),
            installation=UUID(int=8),
            visit=1,
            attempt=1,
            runner="runner-1",
            at=datetime(2026, 5, 1, tzinfo=UTC),
        )

    def run(self, answering: Answering, *commands: str, password: str = "") -> None:
        login = Login(credentials_id=uuid4(), username="root", password=password)
        key = Login(
            credentials_id=uuid4(),
            username="jump",
            private_key=PRIVATE_KEY,
            passphrase=PASSPHRASE,
        )
        target = Target(
            addresses=("10.0.0.7",),
            logins=(login,),
            jump_hosts=(JumpHost(address="gate", login=key),),
        )
        session = RecordingConnector(answering, self.recorder).open(target, Limits())
        for command in commands:
            session.execute(command, limit_seconds=1)

    def kept(self) -> bytes:
        part = self.recorder.keep()
        assert part
        return zlib.decompress(self.store.get(part.event.sha256))

    def lines(self) -> Sequence[AnyLine]:
        return list(decode(self.kept().splitlines()))

    def command(self) -> CommandLine:
        (found,) = [line for line in self.lines() if isinstance(line, CommandLine)]
        return found


@pytest.mark.parametrize(
    "shown",
    [
        PASSWORD,
        PASSWORD.replace("'", "'\\''"),
        "correct%20%27horse%27%20battery",
        PASSPHRASE,
        "\\u00f6ffne dich ".replace("\\u00f6", "ö"),
        PRIVATE_KEY,
        f"output=  {KEY_LINE}  ",
        PRIVATE_KEY.replace("\n", "\noutput="),
        "-----BEGIN RSA PRIVATE KEY-----\nof somebody else\n",
    ],
)
@pytest.mark.parametrize("where", ["stdout", "stderr", "command", "input", "error"])
def test_no_secret_is_kept_wherever_it_is_shown(
    tmp_path: Path, shown: str, where: str
) -> None:
    keeping = Keeping(tmp_path)
    said, command = b"fine", "id"
    answering = Answering(said)
    if where == "stdout":
        answering = Answering(f"before {shown} after".encode())
    elif where == "stderr":
        answering = Answering(said, stderr=shown.encode())
    elif where == "command":
        command = f"uci set network.password={shown}"
    elif where == "input":
        check = shown.replace("\n", " ")
        command = render("health", command=check, stop_after_seconds=5)
    else:
        answering = Answering(LinkLostError(f"broke at {shown}"))
    try:
        keeping.run(answering, command, password=PASSWORD)
    except LinkLostError:
        assert where == "error"
    kept = keeping.kept().decode()
    for secret in ("horse", "ffne dich", KEY_LINE, "somebody else"):
        assert secret not in kept or (where == "input" and secret == "somebody else")


def test_a_secret_that_lies_across_the_limit_is_not_kept_in_half(
    tmp_path: Path,
) -> None:
    keeping = Keeping(tmp_path, recording_output_bytes_max=20)
    answering = Answering(b"0123456789" + PASSWORD.encode() + b"x" * 50)
    keeping.run(answering, "id", password=PASSWORD)
    answer = keeping.command().answer
    assert answer
    assert answer.stdout.text == "0123456789[removed]x"
    assert answer.stdout.bytes == 10 + len(PASSWORD) + 50


def test_a_password_too_short_to_be_told_from_chance_leaves_no_text(
    tmp_path: Path,
) -> None:
    keeping = Keeping(tmp_path)
    keeping.run(Answering(b"the key is xy1"), "cat key", password="xy1")
    line = keeping.command()
    assert line.answer
    assert (line.command, line.answer.stdout.text) == ("", "")
    assert line.answer.stdout.bytes == len(b"the key is xy1")


def test_of_a_configuration_backup_size_and_hash_are_kept(tmp_path: Path) -> None:
    keeping = Keeping(tmp_path)
    archive = b"plain text that is a configuration all the same"
    keeping.run(Answering(archive), render("backup"))
    line = keeping.command()
    assert line.answer
    assert line.answer.stdout.text == ""
    assert line.answer.stdout.bytes == len(archive)
    assert len(line.answer.stdout.sha256) == 64


def test_of_what_is_no_text_size_and_hash_are_kept(tmp_path: Path) -> None:
    keeping = Keeping(tmp_path)
    keeping.run(Answering(b"\x1f\x8b\x08\x00\xff\xfe"), "sysupgrade -b -")
    answer = keeping.command().answer
    assert answer
    assert (answer.stdout.text, answer.stdout.bytes) == ("", 6)


def test_a_recording_grows_no_longer_than_it_may(tmp_path: Path) -> None:
    keeping = Keeping(tmp_path, recording_bytes_max=3000)
    keeping.run(Answering(b"x" * 500), *["id"] * 20)
    assert len(keeping.kept()) < 3500
    lines = keeping.lines()
    left_out = lines[-1]
    assert isinstance(left_out, LeftOutLine)
    told = sum(isinstance(line, CommandLine) for line in lines)
    assert told + left_out.lines == 20


def test_the_same_is_kept_again_until_the_log_names_it(tmp_path: Path) -> None:
    keeping = Keeping(tmp_path)
    keeping.run(Answering(b"fine"), "id")
    first, again = keeping.recorder.keep(), keeping.recorder.keep()
    assert first
    assert first == again
    keeping.recorder.forget(first)
    assert keeping.recorder.keep() is None
    keeping.run(Answering(b"fine"), "uptime")
    assert keeping.command().command == "uptime"


def test_who_is_not_let_in_leaves_no_file(tmp_path: Path) -> None:
    keeping = Keeping(tmp_path)
    keeping.recorder.opened(
        OpenedLine(trouble=keeping.recorder.wording.trouble(LinkLostError("no answer")))
    )
    assert keeping.recorder.keep() is None


def test_a_disk_without_room_is_told_and_nothing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeping = Keeping(tmp_path)
    keeping.run(Answering(b"fine"), "id")

    def full(_: bytes) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keeping.store, "put", full)
    part = keeping.recorder.keep()
    assert part
    assert (part.event.sha256, part.event.trouble) == ("", "No space left on device")
