import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from application.adapters.ssh.connector import FabricConnector
from application.adapters.ssh.upload import (
    _CLOSER_SECONDS,
    _LOOK_SECONDS,
    _ORDERLY_END_SECONDS,
)
from application.errors import LinkLostError
from application.ports import Limits, Session, Span
from application.procedure.width import channels_for
from tests.adapters.ssh.daemons import PASSWORD, Daemon
from tests.adapters.ssh.given import (
    MemoryImage,
    at_loopback,
    by_password,
    dd_to,
    sha256_of,
)
from tests.adapters.ssh.link import Link, link_to

_MEBIBYTE = 1 << 20


class CancelledByAPersonError(Exception):
    pass


@pytest.fixture
def image() -> MemoryImage:
    return MemoryImage(5 * _MEBIBYTE + 12345)


@pytest.fixture
def link(dropbear: Daemon) -> Iterator[Link]:
    with link_to(dropbear.port) as opened:
        yield opened


@pytest.fixture
def session(
    connector: FabricConnector, limits: Limits, dropbear: Daemon, link: Link
) -> Iterator[Session]:
    login = by_password(link.port, PASSWORD, dropbear.username)
    opened = connector.open(at_loopback(login), limits)
    yield opened
    opened.close()


def send(session: Session, image: MemoryImage, path: Path, **options: Any) -> Any:
    defaults: dict[str, Any] = {
        "spans": image.spans(4),
        "command_for": dd_to(path),
        "channels": 4,
        "stall_seconds": 20,
        "bytes_per_second_max": None,
        "on_progress": lambda count: None,
    }
    return session.upload(image, **{**defaults, **options})


@pytest.mark.parametrize(("spans", "channels"), [(1, 1), (4, 4), (16, 8), (3, 16)])
def test_every_byte_lands_at_its_place(
    spans: int,
    channels: int,
    connector: FabricConnector,
    limits: Limits,
    server: Daemon,
    image: MemoryImage,
    tmp_path: Path,
) -> None:
    login = by_password(server.port, PASSWORD, server.username)
    session = connector.open(at_loopback(login), limits)
    told: list[int] = []
    done = send(
        session,
        image,
        tmp_path / "image",
        spans=image.spans(spans),
        channels=channels,
        on_progress=told.append,
    )
    session.close()
    assert [completed.exit_status for completed in done] == [0] * spans
    assert sha256_of(tmp_path / "image") == image.sha256
    assert told == sorted(told)
    assert told[-1] == image.size
    assert image.largest_read <= 256 << 10  # never the whole image


@pytest.mark.parametrize("channels", [1, 4])
def test_keys_may_be_exchanged_anew_in_the_middle(
    channels: int,
    connector: FabricConnector,
    limits: Limits,
    server: Daemon,
    image: MemoryImage,
    tmp_path: Path,
) -> None:
    login = by_password(server.port, PASSWORD, server.username)
    session: Any = connector.open(at_loopback(login), limits)
    transport = session._transport
    transport.packetizer.REKEY_BYTES = _MEBIBYTE
    first_keys = transport.H
    path = tmp_path / "image"

    send(session, image, path, spans=image.spans(channels), channels=channels)

    assert sha256_of(path) == image.sha256
    assert first_keys != transport.H
    session.close()


def test_an_image_that_cannot_be_read_ends_the_upload(
    session: Session, image: MemoryImage, tmp_path: Path
) -> None:
    def fail(start: int, length: int) -> bytes:
        if start >= 2 * _MEBIBYTE:
            raise OSError("the disk is gone")
        return MemoryImage.read(image, start, length)

    image.read = fail  # type: ignore[method-assign]

    with pytest.raises(OSError, match="the disk is gone"):
        send(session, image, tmp_path / "image", spans=image.spans(1), channels=1)


def test_spans_may_leave_out_what_is_there_already(
    session: Session, image: MemoryImage, tmp_path: Path
) -> None:
    path = tmp_path / "image"
    path.write_bytes(image.read(0, 1_000_000))
    told: list[int] = []
    rest = [Span(1_000_000, 3_000_000), Span(3_000_000, image.size)]
    send(session, image, path, spans=rest, on_progress=told.append)
    assert sha256_of(path) == image.sha256
    assert told[-1] == image.size - 1_000_000


def test_a_server_that_limits_its_channels_gets_the_whole_image(
    connector: FabricConnector,
    limits: Limits,
    sshd: Daemon,
    image: MemoryImage,
    tmp_path: Path,
) -> None:
    """OpenSSH allows ten sessions on a connection."""
    login = by_password(sshd.port, PASSWORD, sshd.username)
    session = connector.open(at_loopback(login), limits)
    path = tmp_path / "image"
    send(session, image, path, spans=image.spans(32), channels=16)
    assert session.execute("echo on", limit_seconds=60).stdout == b"on\n"
    session.close()
    assert sha256_of(path) == image.sha256


def test_a_command_that_ends_early_tells_why(
    session: Session, image: MemoryImage
) -> None:
    def refuse(offset: int) -> str:
        # It lingers as our scripts do, or old dropbear may drop the connection.
        return "head -c 100000 >/dev/null; echo refused=no-space; sleep 1; exit 1"

    told: list[int] = []
    done = send(session, image, Path(), command_for=refuse, on_progress=told.append)
    assert [completed.exit_status for completed in done] == [1] * 4
    assert {completed.stdout for completed in done} == {b"refused=no-space\n"}
    assert told[-1] < image.size


def test_a_refusal_at_once_is_told_as_well(
    session: Session, image: MemoryImage
) -> None:
    done = send(
        session,
        image,
        Path(),
        spans=image.spans(2),
        channels=1,
        command_for=lambda _: "echo refused=foreign",
    )
    assert {completed.stdout for completed in done} == {b"refused=foreign\n"}


def test_a_writer_never_begins_while_another_one_ends(
    session: Session, image: MemoryImage, tmp_path: Path
) -> None:
    """Dropbear before 2024.86 closes a channel whose command has not begun by then.

    The commands wait for the end of their input, so the first round has to be over
    before the second one begins.
    """
    book = tmp_path / "book"
    done = send(
        session,
        image,
        tmp_path / "image",
        spans=image.spans(12),
        command_for=lambda _: (
            f"echo begun >> '{book}'; cat >/dev/null; echo ended >> '{book}'"
        ),
    )
    assert [completed.exit_status for completed in done] == [0] * 12
    lines = book.read_text().split()
    rounds = [lines[start : start + 8] for start in range(0, len(lines), 8)]
    assert [sorted(each) for each in rounds] == [["begun"] * 4 + ["ended"] * 4] * 3


def test_progress_is_told_twice_a_second_while_nothing_moves(
    session: Session, image: MemoryImage, link: Link, tmp_path: Path
) -> None:
    link.stall_at_bytes = link.bytes_up + _MEBIBYTE
    told: list[int] = []
    with pytest.raises(LinkLostError, match="stood still for 2 s"):
        send(
            session,
            image,
            tmp_path / "image",
            stall_seconds=2,
            on_progress=told.append,
        )
    assert told.count(told[-1]) >= 3
    assert _LOOK_SECONDS <= 0.5


def test_a_slow_upload_is_no_stall(
    session: Session, image: MemoryImage, tmp_path: Path
) -> None:
    begun = time.monotonic()
    send(
        session,
        image,
        tmp_path / "image",
        spans=[Span(0, 400_000)],
        stall_seconds=3,
        bytes_per_second_max=100_000,
    )
    assert time.monotonic() - begun > 3


@pytest.mark.parametrize("channels", [1, 8])
def test_the_bandwidth_limit_holds_over_all_channels(
    channels: int, session: Session, image: MemoryImage, tmp_path: Path
) -> None:
    begun = time.monotonic()
    send(
        session,
        image,
        tmp_path / "image",
        spans=[Span(span.start, span.start + 200_000) for span in image.spans(8)],
        channels=channels,
        bytes_per_second_max=800_000,
    )
    assert time.monotonic() - begun >= 1.7


@pytest.mark.parametrize("after_bytes", [0, 700_000, 4_000_000])
def test_a_cut_link_is_noticed_at_once(
    after_bytes: int, session: Session, image: MemoryImage, link: Link, tmp_path: Path
) -> None:
    link.cut_at_bytes = link.bytes_up + after_bytes
    with pytest.raises(LinkLostError) as caught:
        send(session, image, tmp_path / "image", stall_seconds=600)
    assert "stood still" not in str(caught.value)


@pytest.mark.parametrize("stuck", [False, True])
def test_a_cancel_ends_the_upload_within_a_second(
    stuck: bool,  # noqa: FBT001  # the test's two cases
    session: Session,
    image: MemoryImage,
    link: Link,
    tmp_path: Path,
) -> None:
    """The person's cancel comes as an exception of the progress callback."""
    if stuck:
        link.stall_at_bytes = link.bytes_up + _MEBIBYTE

    def cancel_in_the_middle(count: int) -> None:
        if stuck or count > 200_000:
            raise CancelledByAPersonError

    with pytest.raises(CancelledByAPersonError):
        send(
            session,
            image,
            tmp_path / "image",
            stall_seconds=600,
            bytes_per_second_max=None if stuck else 200_000,
            on_progress=cancel_in_the_middle,
        )
    assert link.bytes_up < image.size / 2
    # What it waits for until it ends the upload by force.
    assert _LOOK_SECONDS + _ORDERLY_END_SECONDS + _CLOSER_SECONDS <= 1


def test_the_writers_on_the_router_end_with_a_cancel(
    session: Session, image: MemoryImage, tmp_path: Path
) -> None:
    """They see the end of their input, and the session still runs commands."""
    ended = tmp_path / "ended"

    def command_for(offset: int) -> str:
        return f"cat >/dev/null; echo $? >> '{ended}'"

    def cancel(count: int) -> None:
        if count > 100_000:
            raise CancelledByAPersonError

    with pytest.raises(CancelledByAPersonError):
        send(
            session,
            image,
            tmp_path / "image",
            command_for=command_for,
            bytes_per_second_max=1_000_000,
            on_progress=cancel,
        )
    wait = f"until [ $(wc -l < '{ended}') = 4 ]; do sleep 0.05; done"
    assert session.execute(wait, limit_seconds=60).exit_status == 0


@pytest.mark.parametrize(
    ("round_trip_seconds", "channels_max", "channels"),
    [(0.0, 16, 2), (0.0, 1, 1), (0.02, 16, 7), (0.05, 16, 16), (0.05, 8, 8), (1, 8, 8)],
)
def test_the_further_away_the_more_channels(
    round_trip_seconds: float, channels_max: int, channels: int
) -> None:
    assert channels_for(round_trip_seconds, channels_max) == channels
