"""A recorded upgrade plays back to the same events, whatever goes wrong with it."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from application.recordings.lines import (
    CommandLine,
    LeftOutLine,
    MissingLine,
    RecordingError,
    RecordingLine,
    decode,
    encode,
)
from application.simulation import Fleet
from application.simulation.recording import Recording
from application.simulation.replayed import ReplayedRouter
from application.simulation.setup import Setup
from domain.recordings import Recordings
from tests.contract.routers import Adapted
from tests.fleet.cases import CASES, GOOD
from tests.fleet.town import SETUP
from tests.recordings.making import HERE, Recorded, record
from tests.recordings.over_ssh import PlayedOverSsh
from tests.recordings.playing import Played

ALL = (GOOD, *CASES)
# Of every way in which a visit goes: on, cut, refused, with things given back.
OVER_SSH = (
    "nothing",
    "services in the way",
    "a cut link",
    "a refused flash",
    "old firmware",
)
FILES = sorted(HERE.glob("*.jsonl"))
_SETTINGS = {
    "reconnect_retries_max": 5,
    "reconnect_delay_seconds": 0.2,
    "upload_stall_seconds": 1.0,
    "upgrade_timeout_seconds": 4.0,
    "upload_channels_max": 2,
    "upload_chunk_bytes": 65536,
}


def _recorded(directory: Path) -> Mapping[str, Recorded]:
    """Upgrade a router of every case, all at the same time."""
    with (
        Fleet(Setup(**SETUP) for _ in ALL) as fleet,
        ThreadPoolExecutor(len(ALL)) as pool,
    ):
        done = {
            case.name: pool.submit(
                record,
                directory / case.name.replace("/", ""),
                Adapted(router),
                case,
                **_SETTINGS,
            )
            for case, router in zip(ALL, fleet.routers, strict=True)
        }
        return {name: each.result() for name, each in done.items()}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Recorded]:
    return _recorded(tmp_path_factory.mktemp("recorded"))


def test_every_fault_plays_back_to_the_same_events(
    recorded: Mapping[str, Recorded], tmp_path: Path
) -> None:
    assert {name: each.status for name, each in recorded.items()} == {
        case.name: case.verdict for case in ALL
    }
    different = []
    for name, each in recorded.items():
        directory = tmp_path / name.replace("/", "")
        with Played(directory, each.lines, image=each.image) as played:
            played.play()
            if played.happened() != played.recorded():
                different.append((name, played.happened(), played.recorded()))
    assert not different


def test_recordings_play_back_to_the_same_events_over_ssh(
    recorded: Mapping[str, Recorded], tmp_path: Path
) -> None:
    def play(name: str) -> PlayedOverSsh:
        lines, image = recorded[name].lines, recorded[name].image
        directory = tmp_path / f"over ssh {name.replace('/', '')}"
        return PlayedOverSsh(directory, lines, image=image)

    with ThreadPoolExecutor(len(OVER_SSH)) as pool:
        for played in pool.map(play, OVER_SSH):
            assert (played.difference, played.left) == ("", ())
            assert played.happened == played.recorded


def test_what_a_router_with_one_host_key_cannot_play_is_refused(
    recorded: Mapping[str, Recorded],
) -> None:
    lines = recorded["another host key"].lines
    with pytest.raises(RecordingError, match="host key changes"):
        ReplayedRouter(Recording.read(lines))


def test_a_router_that_is_told_something_else_over_ssh_says_so(
    recorded: Mapping[str, Recorded], tmp_path: Path
) -> None:
    good = recorded["nothing"]
    other = [
        encode(msgspec.structs.replace(line, script="packages"))
        if isinstance(line, CommandLine) and line.script == "claim"
        else encode(line)
        for line in decode(good.lines)
    ]
    played = PlayedOverSsh(tmp_path, other, image=good.image, retries_max=0)
    assert "the router is asked for claim" in played.difference


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_plays_back_to_its_events(path: Path, tmp_path: Path) -> None:
    with path.open("rb") as file, Played(tmp_path, file) as played:
        played.play()
        assert played.happened() == played.recorded()


def test_what_was_played_is_recorded_again_the_same(tmp_path: Path) -> None:
    lines = FILES[0].read_bytes().splitlines(keepends=True)
    with Played(tmp_path / "first", lines) as first:
        first.play()
        with Played(tmp_path / "second", first.lines()) as second:
            second.play()
            assert second.happened() == second.recorded()


def test_a_router_that_is_told_something_else_is_noticed(tmp_path: Path) -> None:
    lines = FILES[0].read_bytes().splitlines(keepends=True)
    other = [
        encode(msgspec.structs.replace(line, script="packages"))
        if isinstance(line, CommandLine) and line.script == "claim"
        else encode(line)
        for line in decode(lines)
    ]
    with (
        Played(tmp_path, other) as played,
        pytest.raises(AssertionError, match="the router is asked for claim"),
    ):
        played.play()


@pytest.mark.parametrize(
    ("added", "said"),
    [
        (MissingLine(reason="No space left on device"), "No space left on device"),
        (LeftOutLine(lines=3), "3 lines are missing"),
    ],
)
def test_what_is_not_whole_is_not_played(
    added: MissingLine | LeftOutLine, said: str
) -> None:
    lines = FILES[0].read_bytes().splitlines(keepends=True)
    with pytest.raises(RecordingError, match=said):
        Recording.read([*lines, encode(added)])


def test_what_was_removed_or_changed_is_told_where_it_is_asked_for(
    tmp_path: Path,
) -> None:
    with Played(tmp_path, FILES[0].read_bytes().splitlines(keepends=True)) as played:
        played.play()
        _is_told_what_is_missing(played)


def _is_told_what_is_missing(played: Played) -> None:
    (file,) = played.flashlog.recordings
    original = file.path.read_bytes()
    file.path.write_bytes(original + b"more")
    with pytest.raises(RecordingError, match="its file was changed"):
        Recording.read(played.lines())
    file.path.unlink()
    with pytest.raises(RecordingError, match="not in the data directory"):
        Recording.read(played.lines())
    recordings = Recordings()
    recordings.remove(before=played.recording.events[-1].at + timedelta(days=1))
    played.flashlog.log.append(recordings)
    with pytest.raises(RecordingError, match="kept long enough"):
        Recording.read(played.lines())


@pytest.mark.parametrize("lines", [[], [b"{}"], [b"no JSON"], [b'{"kind":"visit"}']])
def test_what_is_no_recording_is_not_played(lines: list[bytes]) -> None:
    with pytest.raises(RecordingError):
        Recording.read(lines)


def test_a_recording_of_a_later_version_is_not_played() -> None:
    lines = FILES[0].read_bytes().splitlines(keepends=True)
    head = next(decode(lines))
    assert isinstance(head, RecordingLine)
    later = msgspec.structs.replace(head, version=2)
    with pytest.raises(RecordingError, match="version 2"):
        Recording.read([encode(later), *lines[1:]])
