"""A breaking change is a new topic: what is stored under the old one stays understood.

There is no such change yet, so a kind of event and its forebears are made up here: what
a visit found on a device was once stored with `version` for `release`, and before
that as a list.
"""

from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest
from eventsourcing.persistence import StoredEvent

from application.adapters.mapper import TypedMapper
from application.audit.export import export
from application.audit.named_recordings import named_in
from application.errors import NewerLogError
from application.past.patience import Patience
from application.past.running import lives
from application.sealing import seal
from domain.device.device import Device
from domain.device.events import FactsLearned
from domain.operation.events import VisitRecorded
from domain.topics import UPCASTS, Upcast, current_form, stored_as
from tests.application.houses import a_device, opened

OLD, OLDER = "Device:Seen", "Device:Looked"
SHA256 = "5" * 64


def from_old(state: bytes) -> tuple[str, bytes]:
    found = msgspec.json.decode(state)
    found["release"] = found.pop("version")
    return FactsLearned.TOPIC, msgspec.json.encode(found)


def from_older(state: bytes) -> tuple[str, bytes]:
    board, model, version, revision = msgspec.json.decode(state)
    told = {"board": board, "model": model, "version": version, "revision": revision}
    return OLD, msgspec.json.encode(told)


@pytest.fixture(autouse=True)
def _old_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(UPCASTS, OLD, Upcast((FactsLearned.TOPIC,), from_old))
    monkeypatch.setitem(UPCASTS, OLDER, Upcast((OLD,), from_older))
    recorded = Upcast(
        (VisitRecorded.TOPIC,), lambda state: (VisitRecorded.TOPIC, state)
    )
    monkeypatch.setitem(UPCASTS, "UpgradeOperation:Taped", recorded)


def stored(device_id: UUID, version: int, topic: str, said: object) -> StoredEvent:
    return StoredEvent(device_id, version, topic, msgspec.json.encode(said))


def test_every_name_of_a_kind_is_known() -> None:
    assert stored_as([FactsLearned.TOPIC]) == (FactsLearned.TOPIC, OLD, OLDER)
    assert stored_as(["Device:Registered"]) == ("Device:Registered",)
    assert stored_as([]) == ()
    assert current_form("Device:Registered", b"{}") == ("Device:Registered", b"{}")


def test_old_events_are_told_everywhere_in_their_new_form(tmp_path: Path) -> None:
    with opened(tmp_path / "data") as flashlog:
        device_id = a_device(flashlog)
        version = flashlog.log.get(Device, device_id).version
        older = stored(device_id, version + 1, OLDER, ["b", "m", "22.03.5", "r1"])
        said = {"board": "b", "model": "m", "version": "23.05.2", "revision": "r2"}
        old = stored(device_id, version + 2, OLD, said)
        flashlog.log.recorder.insert_events([older, old])
        flashlog.show(flashlog.log.end())

        device = flashlog.log.get(Device, device_id)
        assert device.learned
        assert device.learned.release == "23.05.2"
        row = flashlog.views.one("device", str(device_id))
        assert row
        assert row["release"] == "23.05.2"
        # Also where only events of some kinds are asked for.
        told = flashlog.log.stories([device_id], topics=[FactsLearned.TOPIC])
        assert [each.event.TOPIC for each in told] == [FactsLearned.TOPIC] * 2
        (life,) = lives(
            flashlog, [], until=flashlog.log.end(), patience=Patience(flashlog.settings)
        )
        releases = [each.firmware.release for each in life.since]
        assert releases == ["", "22.03.5", "23.05.2"]

        # The log, its tree and an export have the bytes that were stored.
        seal(flashlog)
        export(flashlog.audit, tmp_path / "export")
    text = (tmp_path / "export" / "events-000000000001.jsonl").read_text()
    assert f'"topic":"{OLD}"' in text
    assert f'"topic":"{OLDER}"' in text


def test_recordings_that_old_events_name_are_known(tmp_path: Path) -> None:
    with opened(tmp_path) as flashlog:
        taped = stored(uuid4(), 1, "UpgradeOperation:Taped", {"sha256": SHA256})
        flashlog.log.recorder.insert_events([taped])
        assert [each.sha256 for each in named_in(flashlog.audit.rows)] == [SHA256]


def test_whoever_reads_the_log_is_told_the_new_form() -> None:
    said = {"board": "b", "model": "m", "version": "23.05.2", "revision": "r2"}
    event = TypedMapper().to_domain_event(stored(uuid4(), 1, OLD, said))
    assert isinstance(event, FactsLearned)
    assert (event.TOPIC, event.release) == (FactsLearned.TOPIC, "23.05.2")


def test_a_kind_that_nobody_knows_is_told() -> None:
    with pytest.raises(NewerLogError, match="Device:Unheard"):
        TypedMapper().to_domain_event(stored(uuid4(), 1, "Device:Unheard", {}))
