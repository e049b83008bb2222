"""What somebody who may write to the files can do with a plain SQLite client.

Every house has 46 events; checkpoints were signed of 10, 20, 30, 40 and 46 of them.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

from domain.transparency.note import SigningKey
from tests.audit.given import House

SIZE = 46
# Rows are moved out of the way first: two cannot have one position at a time.
_RENUMBERED = "UPDATE event SET position = -position WHERE position < 0"


def flip_a_byte(house: House) -> None:
    text = "replace(CAST(state AS TEXT), 'n', 'm')"
    house.tamper(f"UPDATE event SET state = CAST({text} AS BLOB) WHERE position = 17")


def change_a_time(house: House) -> None:
    house.tamper("UPDATE event SET recorded_at = recorded_at + 1 WHERE position = 17")


def change_a_kind(house: House) -> None:
    house.tamper("UPDATE event SET topic = 'Device:Removed' WHERE position = 17")


def move_to_another_story(house: House) -> None:
    house.tamper("UPDATE event SET originator_id = randomblob(16) WHERE position = 17")


def change_a_version(house: House) -> None:
    house.tamper("UPDATE event SET originator_version = 99 WHERE position = 17")


def drop_an_event(house: House) -> None:
    house.tamper("DELETE FROM event WHERE position = 17")


def drop_an_event_and_close_the_gap(house: House) -> None:
    house.tamper(
        "DELETE FROM event WHERE position = 17",
        "UPDATE event SET position = -(position - 1) WHERE position > 17",
        _RENUMBERED,
    )


def insert_an_event(house: House) -> None:
    house.tamper(
        "UPDATE event SET position = -(position + 1) WHERE position >= 17",
        _RENUMBERED,
        "INSERT INTO event SELECT 17, randomblob(16), 1, topic, state, recorded_at"
        " FROM event WHERE position = 16",
    )


def swap_two_events(house: House) -> None:
    house.tamper(
        "UPDATE event SET position = -17 WHERE position = 23",
        "UPDATE event SET position = -23 WHERE position = 17",
        _RENUMBERED,
    )


def truncate_the_tail(house: House) -> None:
    house.tamper("DELETE FROM event WHERE position >= 43")


# Each with the positions that are not what was signed.
KINDS: dict[Callable[[House], None], list[tuple[str, int, int]]] = {
    flip_a_byte: [("changed", 17, 17)],
    change_a_time: [("changed", 17, 17)],
    change_a_kind: [("changed", 17, 17)],
    move_to_another_story: [("changed", 17, 17)],
    change_a_version: [("changed", 17, 17)],
    drop_an_event: [("missing", 17, 17)],
    drop_an_event_and_close_the_gap: [("changed", 17, 45), ("missing", 46, 46)],
    insert_an_event: [("changed", 17, 46)],
    swap_two_events: [("changed", 17, 17), ("changed", 23, 23)],
    truncate_the_tail: [("missing", 43, 46)],
}


def fork(house: House) -> None:
    """Write other events from position 27 on, as if they had always been there.

    The thief has the key, too, and signs all of it.
    """
    house.tamper("DELETE FROM event WHERE position >= 27")
    house.append(25)
    house.tamper_with_tree("DELETE FROM tile", "DELETE FROM checkpoint")
    house.sign()


def replay_an_old_copy(house: House) -> None:
    """Bring files of long ago back, and let the log go on from there."""
    old = house.directory / "old"
    for path in (house.log, house.store):
        shutil.copy(old / path.name, path)
    house.append(30)
    house.sign()


def signed_house(directory: Path) -> House:
    """A house that has signed twice, and keeps what it was at the first time."""
    house = House(directory)
    house.append(19)
    house.sign()
    keep_a_copy(house)
    house.append(SIZE - 20)
    house.sign()
    return house


def keep_a_copy(house: House) -> None:
    old = house.directory / "old"
    old.mkdir()
    for path in (house.log, house.store):
        # What is in the write-ahead log is in the file, once nobody has it open.
        shutil.copy(path, old / path.name)


def sign_with_another_key(house: House) -> None:
    flip_a_byte(house)
    house.tamper_with_tree("DELETE FROM tile", "DELETE FROM checkpoint")
    house.key = SigningKey.make(house.key.verifier.name)
    house.sign()
