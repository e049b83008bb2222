"""Operations over REST: list, look at, cancel, retry."""

import re
from uuid import UUID, uuid4

import msgspec
import pytest

from application.flashlog import Flashlog
from domain.catalogue import FirmwareImage
from domain.device.device import Device
from domain.operation import events
from domain.operation.operation import UpgradeOperation
from tests.web import examples
from tests.web.conftest import API, Caller

LIST = f"{API}/upgrade-operation/"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")


def test_an_operation_shows_the_keys_of_the_interface_and_ours(
    admin: Caller, flashlog: Flashlog
) -> None:
    operation_id = examples.operation(flashlog)
    answer = admin.get(f"{LIST}{operation_id}/")
    assert answer.status_code == 200
    shown = answer.get_json()
    told = flashlog.log.get(UpgradeOperation, operation_id)
    assert MOMENT.fullmatch(shown.pop("created"))
    assert MOMENT.fullmatch(shown.pop("modified"))
    assert shown == {
        "id": str(operation_id),
        "device": str(told.device_id),
        "image": str(told.image_id),
        "status": "in-progress",
        "log": "",
        "progress": 0,
        "phase": "queued",
        "attempt": 0,
        "batch": None,
        "retry_of": None,
        "owed": [],
        "upgrade_options": {},
        "cancellable": True,
        "device_name": flashlog.log.get(Device, told.device_id).name,
        "image_name": flashlog.log.get(FirmwareImage, told.image_id).facts.file_name,
        "version": shown["version"],
        "position": flashlog.log.story(operation_id)[0].position,
    }


def test_the_log_grows_by_lines_and_never_changes(
    admin: Caller, flashlog: Flashlog
) -> None:
    operation_id = examples.operation(flashlog)
    logs = []
    for facts in (examples.connected(), [events.UploadBegun(path="/x", size_bytes=1)]):
        flashlog.show(examples.note(flashlog, operation_id, *facts))
        logs.append(admin.get(f"{LIST}{operation_id}/").get_json()["log"])
    assert "10.0.0.1" in logs[0]
    assert logs[1].startswith(logs[0] + "\n")
    # A process that tells the story from its beginning tells the same.
    listed = admin.get(LIST).get_json()["results"][0]
    assert listed["log"] == logs[1]


def test_an_unknown_operation_is_not_found(admin: Caller) -> None:
    answer = admin.get(f"{LIST}{uuid4()}/")
    assert answer.status_code == 404
    assert "detail" in answer.get_json()


def test_an_operation_is_found_though_it_is_not_projected_yet(
    admin: Caller, flashlog: Flashlog
) -> None:
    device_id = examples.device(flashlog)
    image_id = examples.image(flashlog)
    flashlog.settings = msgspec.structs.replace(
        flashlog.settings, projected_wait_seconds=0.05
    )
    with flashlog.alone("projector"):
        answer = admin.put(
            f"{API}/device/{device_id}/firmware/", json={"image": str(image_id)}
        )
        assert answer.status_code == 201
        operation_id = answer.get_json()["upgrade_operation"]["id"]
        assert flashlog.views.one("operation", operation_id) is None
        found = admin.get(f"{LIST}{operation_id}/")
        assert found.get_json()["status"] == "in-progress"


# --- lists -------------------------------------------------------------------


def test_an_empty_list_has_one_page(admin: Caller) -> None:
    answer = admin.get(LIST)
    assert answer.get_json() == {
        "count": 0,
        "next": None,
        "previous": None,
        "results": [],
    }
    for first in ("last", "1", ""):
        assert admin.get(f"{LIST}?page={first}").status_code == 200


def test_the_newest_stands_first(admin: Caller, flashlog: Flashlog) -> None:
    older, newer = examples.operation(flashlog), examples.operation(flashlog)
    assert _ids(admin, "") == [newer, older]
    assert _ids(admin, "?ordering=created") == [older, newer]
    assert _ids(admin, "?ordering=nonsense") == [newer, older]
    flashlog.show(examples.note(flashlog, older, *examples.connected()))
    assert _ids(admin, "?ordering=-modified") == [older, newer]
    by_device = sorted((older, newer), key=lambda each: _device_of(flashlog, each))
    assert _ids(admin, "?ordering=device_id,created") == by_device


def test_pages_link_to_their_neighbours_and_keep_other_parameters(
    admin: Caller, flashlog: Flashlog
) -> None:
    for _ in range(5):
        examples.operation(flashlog)
    query = "page_size=2&status=in-progress"
    first = admin.get(f"{LIST}?{query}").get_json()
    assert first["count"] == 5
    assert first["previous"] is None
    assert first["next"] == (
        f"http://localhost{LIST}?page=2&page_size=2&status=in-progress"
    )
    second = admin.get(first["next"]).get_json()
    assert second["previous"] == (
        f"http://localhost{LIST}?page_size=2&status=in-progress"
    )
    last = admin.get(f"{LIST}?{query}&page=last").get_json()
    assert last["next"] is None
    pages = [first, second, last]
    ids = [each["id"] for page in pages for each in page["results"]]
    assert len(ids) == len(set(ids)) == 5


def test_every_page_of_all_operations_continues_the_one_before(
    admin: Caller, flashlog: Flashlog
) -> None:
    started = [examples.operation(flashlog) for _ in range(7)]
    # What happens later to one of them does not move it.
    flashlog.show(examples.note(flashlog, started[2], *examples.connected()))
    pages = [_ids(admin, f"?page_size=3&page={number}") for number in (1, 2, 3)]
    assert [each for page in pages for each in page] == started[::-1]
    assert pages[2] == _ids(admin, "?page_size=3&page=last")
    flashlog.projector.rebuild()
    assert _ids(admin, "?page_size=3&page=2") == pages[1]


@pytest.mark.parametrize("page", ["0", "-1", "2", "x", "1.5", "9" * 30])
def test_a_page_that_there_is_not_is_404(admin: Caller, page: str) -> None:
    answer = admin.get(f"{LIST}?page={page}")
    assert answer.status_code == 404
    assert answer.get_json() == {"detail": "Invalid page."}


@pytest.mark.parametrize(
    ("page_size", "rows"),
    [("3", 3), ("0", 10), ("-1", 10), ("x", 10), ("100", 11), ("5000", 11)],
)
def test_page_sizes_that_make_no_sense_fall_back(
    admin: Caller, flashlog: Flashlog, page_size: str, rows: int
) -> None:
    image_id, device_id = examples.image(flashlog), examples.device(flashlog)
    for _ in range(11):
        admin.put(f"{API}/device/{device_id}/firmware/", json={"image": str(image_id)})
    answer = admin.get(f"{LIST}?page_size={page_size}").get_json()
    assert len(answer["results"]) == rows


def test_filters_choose_and_are_combined(admin: Caller, flashlog: Flashlog) -> None:
    first, second = examples.operation(flashlog), examples.operation(flashlog)
    admin.post(f"{LIST}{first}/cancel/")
    told = flashlog.log.get(UpgradeOperation, first)
    assert _ids(admin, "?status=cancelled") == [first]
    assert _ids(admin, f"?device={told.device_id}") == [first]
    assert _ids(admin, f"?image={told.image_id}&status=cancelled") == [first]
    assert _ids(admin, f"?image={told.image_id}&status=success") == []
    assert _ids(admin, "?status=&device=&anything=else") == [second, first]


def test_lists_are_filtered_by_organization(admin: Caller, flashlog: Flashlog) -> None:
    other = examples.organization(flashlog, "other")
    theirs = examples.device(flashlog, organization_id=other)
    image_id = examples.image(
        flashlog, category_id=examples.category(flashlog, organization_id=None)
    )
    ours = examples.operation(flashlog)
    put = admin.put(f"{API}/device/{theirs}/firmware/", json={"image": str(image_id)})
    their_operation = UUID(put.get_json()["upgrade_operation"]["id"])
    assert _ids(admin, f"?device__organization={other}") == [their_operation]
    for parameter in (
        "organization",
        "device__organization__slug",
        "device__organization_slug",
    ):
        assert _ids(admin, f"?{parameter}=other") == [their_operation]
        assert _ids(admin, f"?{parameter}=default") == [ours]
        assert _ids(admin, f"?{parameter}=nobody") == []
    assert _ids(admin, f"?organization={other}") == []
    detail = f"{LIST}{their_operation}/?organization="
    assert admin.get(f"{detail}other").status_code == 200
    assert admin.get(f"{detail}default").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "status=nonsense",
        "device=nonsense",
        "image=nonsense",
        "device__organization=nonsense",
        f"device={examples.NOBODY}",
        f"device__organization={examples.NOBODY}",
    ],
)
def test_a_filter_that_cannot_be_is_400(admin: Caller, query: str) -> None:
    answer = admin.get(f"{LIST}?{query}")
    assert answer.status_code == 400
    assert list(answer.get_json()) == [query.partition("=")[0]]


def test_a_device_lists_its_own_operations_also_when_deactivated(
    admin: Caller, flashlog: Flashlog
) -> None:
    operation_id = examples.operation(flashlog)
    examples.operation(flashlog)
    device_id = _device_of(flashlog, operation_id)
    examples.deactivated(flashlog, UUID(device_id))
    path = f"{API}/device/{device_id}/upgrade-operation/"
    (found,) = admin.get(path).get_json()["results"]
    assert found["id"] == str(operation_id)
    assert "created" not in found
    assert admin.get(f"{path}?status=failed").get_json()["count"] == 0
    assert admin.get(f"{path}?status=x").status_code == 400


def test_the_operations_of_an_unknown_device_are_not_found(admin: Caller) -> None:
    answer = admin.get(f"{API}/device/{uuid4()}/upgrade-operation/")
    assert answer.status_code == 404
    assert answer.get_json() == {"detail": "device not found"}


# --- cancel ------------------------------------------------------------------


def test_a_cancel_before_the_flash_is_accepted(
    admin: Caller, flashlog: Flashlog
) -> None:
    operation_id = examples.operation(flashlog)
    examples.note(flashlog, operation_id, *examples.connected())
    answer = admin.post(
        f"{LIST}{operation_id}/cancel/", data=b"{", content_type="application/json"
    )
    assert answer.status_code == 200
    assert "message" in answer.get_json()
    shown = admin.get(f"{LIST}{operation_id}/").get_json()
    assert (shown["status"], shown["progress"]) == ("cancelled", 10)
    assert shown["cancellable"] is False


def test_a_cancel_after_the_flash_began_is_refused_and_changes_nothing(
    admin: Caller, flashlog: Flashlog
) -> None:
    operation_id = examples.operation(flashlog)
    flashlog.show(examples.note(flashlog, operation_id, examples.flashing()))
    before = admin.get(f"{LIST}{operation_id}/").get_json()
    answer = admin.post(f"{LIST}{operation_id}/cancel/")
    assert answer.status_code == 409
    assert "firmware reflashing has already started" in answer.get_json()["error"]
    assert admin.get(f"{LIST}{operation_id}/").get_json() == before


def test_a_cancel_of_what_has_ended_names_the_status(
    admin: Caller, flashlog: Flashlog
) -> None:
    operation_id = examples.operation(flashlog)
    admin.post(f"{LIST}{operation_id}/cancel/")
    answer = admin.post(f"{LIST}{operation_id}/cancel/")
    assert answer.status_code == 409
    assert "status: cancelled" in answer.get_json()["error"]


def test_a_cancel_of_nothing_is_404_with_an_error(admin: Caller) -> None:
    answer = admin.post(f"{LIST}{uuid4()}/cancel/")
    assert answer.status_code == 404
    assert "not found" in answer.get_json()["error"]
    assert admin.get(f"{LIST}{uuid4()}/cancel/").status_code == 405


# --- retry -------------------------------------------------------------------


def test_a_retry_is_a_new_operation_that_names_the_old_one(
    admin: Caller, flashlog: Flashlog
) -> None:
    operation_id = examples.operation(flashlog)
    admin.post(f"{LIST}{operation_id}/cancel/")
    answer = admin.post(f"{LIST}{operation_id}/retry/")
    assert answer.status_code == 201
    new = answer.get_json()
    assert new["retry_of"] == str(operation_id)
    assert new["status"] == "in-progress"
    assert admin.get(f"{LIST}{new['id']}/").get_json() == new
    assert admin.get(f"{LIST}{operation_id}/").get_json()["status"] == "cancelled"


def test_a_retry_of_what_still_runs_is_refused(
    admin: Caller, flashlog: Flashlog
) -> None:
    operation_id = examples.operation(flashlog)
    answer = admin.post(f"{LIST}{operation_id}/retry/")
    assert answer.status_code == 409
    assert "in-progress" in answer.get_json()["detail"]
    assert admin.get(LIST).get_json()["count"] == 1


def test_a_retry_of_nothing_is_404(admin: Caller) -> None:
    assert admin.post(f"{LIST}{uuid4()}/retry/").status_code == 404
    assert admin.get(f"{LIST}{uuid4()}/retry/").status_code == 405


def _ids(admin: Caller, query: str) -> list[UUID]:
    answer = admin.get(LIST + query)
    assert answer.status_code == 200, answer.get_json()
    return [UUID(each["id"]) for each in answer.get_json()["results"]]


def _device_of(flashlog: Flashlog, operation_id: UUID) -> str:
    return str(flashlog.log.get(UpgradeOperation, operation_id).device_id)
