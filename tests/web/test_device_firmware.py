"""The image that a device runs or is to run."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from application.flashlog import Flashlog
from domain.operation.operation import UpgradeOperation
from tests.web import examples
from tests.web.conftest import API, Caller
from tests.web.people import People

OPERATIONS = f"{API}/upgrade-operation/"


def path(device_id: UUID) -> str:
    return f"{API}/device/{device_id}/firmware/"


def test_the_first_image_is_created_and_its_upgrade_started(
    admin: Caller, flashlog: Flashlog
) -> None:
    device_id, image_id = examples.device(flashlog), examples.image(flashlog)
    assert admin.get(path(device_id)).status_code == 404
    answer = admin.put(path(device_id), json={"image": str(image_id)})
    assert answer.status_code == 201
    created = answer.get_json()
    operation_id = created.pop("upgrade_operation")["id"]
    assert created["image"] == str(image_id)
    assert created["installed"] is False
    assert admin.get(path(device_id)).get_json() == created
    operation = admin.get(f"{OPERATIONS}{operation_id}/").get_json()
    assert operation["device"] == str(device_id)
    assert operation["image"] == str(image_id)


def test_a_form_does_as_well_as_json(admin: Caller, flashlog: Flashlog) -> None:
    device_id, image_id = examples.device(flashlog), examples.image(flashlog)
    form = {"image": str(image_id), "upgrade_options": '{"n": true}'}
    answer = admin.put(path(device_id), data=form)
    assert answer.status_code == 201
    (operation,) = admin.get(OPERATIONS).get_json()["results"]
    assert operation["upgrade_options"] == {"n": True}


def test_a_second_upgrade_is_recorded_and_aborted_the_older_goes_on(
    admin: Caller, flashlog: Flashlog
) -> None:
    device_id, image_id = examples.device(flashlog), examples.image(flashlog)
    sent = {"image": str(image_id)}
    first = admin.put(path(device_id), json=sent).get_json()
    answer = admin.put(path(device_id), json=sent)
    assert answer.status_code == 200
    second = answer.get_json()
    assert second["id"] == first["id"]
    assert _status(admin, first) == "in-progress"
    assert _status(admin, second) == "aborted"


def test_what_is_installed_is_not_flashed_again(
    admin: Caller, flashlog: Flashlog
) -> None:
    device_id, image_id = examples.device(flashlog), examples.image(flashlog)
    first = admin.put(path(device_id), json={"image": str(image_id)}).get_json()
    examples.installed(flashlog, UUID(first["upgrade_operation"]["id"]))
    assert admin.get(path(device_id)).get_json()["installed"] is True
    for method, sent in (("PUT", {"image": str(image_id)}), ("PATCH", {})):
        answer = admin(method, path(device_id), json=sent)
        assert answer.status_code == 200
        assert answer.get_json()["upgrade_operation"] == first["upgrade_operation"]
    assert admin.get(OPERATIONS).get_json()["count"] == 1


def test_an_empty_patch_tries_what_is_not_installed_again(
    admin: Caller, flashlog: Flashlog
) -> None:
    device_id, image_id = examples.device(flashlog), examples.image(flashlog)
    assert admin("PATCH", path(device_id), json={}).status_code == 404
    first = admin.put(path(device_id), json={"image": str(image_id)}).get_json()
    admin.post(f"{OPERATIONS}{first['upgrade_operation']['id']}/cancel/")
    answer = admin("PATCH", path(device_id), json={})
    assert answer.status_code == 200
    assert answer.get_json()["upgrade_operation"] != first["upgrade_operation"]
    assert _status(admin, answer.get_json()) == "in-progress"


@pytest.mark.parametrize(
    "sent",
    [{}, {"image": None}, {"image": ""}, {"image": "x"}, {"image": 1}],
    ids=["missing", "null", "blank", "malformed", "number"],
)
def test_an_image_is_required(
    admin: Caller, flashlog: Flashlog, sent: dict[str, Any]
) -> None:
    answer = admin.put(path(examples.device(flashlog)), json=sent)
    assert answer.status_code == 400
    assert list(answer.get_json()) == ["image"]


def test_only_selectable_images_are_taken(admin: Caller, flashlog: Flashlog) -> None:
    other = examples.organization(flashlog, "other")
    theirs = examples.image(
        flashlog, category_id=examples.category(flashlog, organization_id=other)
    )
    shared = examples.image(
        flashlog, category_id=examples.category(flashlog, organization_id=None)
    )
    another_category = examples.image(flashlog)
    device_id = examples.device(flashlog)
    for image_id in (theirs, uuid4()):
        answer = admin.put(path(device_id), json={"image": str(image_id)})
        assert answer.status_code == 400
        assert answer.get_json()["image"][0].startswith("Invalid pk")
    assert admin.put(path(device_id), json={"image": str(shared)}).status_code == 201
    answer = admin.put(path(device_id), json={"image": str(another_category)})
    assert answer.status_code == 400
    assert list(answer.get_json()) == ["image"]


def test_an_image_for_another_board_than_the_router_was_seen_with_is_refused(
    admin: Caller, flashlog: Flashlog
) -> None:
    device_id, image_id = examples.device(flashlog), examples.image(flashlog)
    examples.seen_on(flashlog, device_id, "another,board")
    answer = admin.put(path(device_id), json={"image": str(image_id)})
    assert answer.status_code == 400
    assert answer.get_json() == {
        "__all__": ["Device model and image model do not match"]
    }
    assert admin.get(OPERATIONS).get_json()["count"] == 0


def test_a_device_nobody_can_log_in_to_is_refused(
    admin: Caller, flashlog: Flashlog
) -> None:
    device_id = examples.device(flashlog, has_connection=False)
    sent = {"image": str(examples.image(flashlog))}
    answer = admin.put(path(device_id), json=sent)
    assert answer.status_code == 400
    assert "credentials" in answer.get_json()["__all__"][0]
    assert admin.get(path(device_id)).status_code == 404


def test_a_deactivated_device_can_be_looked_at_only(
    admin: Caller, flashlog: Flashlog
) -> None:
    device_id, image_id = examples.device(flashlog), examples.image(flashlog)
    admin.put(path(device_id), json={"image": str(image_id)})
    examples.deactivated(flashlog, device_id)
    assert admin.get(path(device_id)).status_code == 200
    for method in ("PUT", "PATCH"):
        answer = admin(method, path(device_id), json={})
        assert answer.status_code == 403
        assert answer.get_json() == {
            "detail": "Firmware upgrades are not allowed for deactivated devices."
        }


@pytest.mark.parametrize(
    "options",
    [
        {"x": True},
        {"n": "yes"},
        {"n": True, "c": True},
        {"n": True, "o": True},
        [],
        "nonsense",
    ],
)
def test_options_that_cannot_be_are_refused_before_anything_is_recorded(
    admin: Caller, flashlog: Flashlog, options: Any
) -> None:
    device_id, image_id = examples.device(flashlog), examples.image(flashlog)
    sent = {"image": str(image_id), "upgrade_options": options}
    answer = admin.put(path(device_id), json=sent)
    assert answer.status_code == 400
    assert list(answer.get_json()) == ["upgrade_options"]
    assert admin.get(path(device_id)).status_code == 404


@pytest.mark.parametrize("options", [None, {}, "", {"c": None}])
def test_no_options_are_the_usual_ones(
    admin: Caller, flashlog: Flashlog, options: Any
) -> None:
    device_id, image_id = examples.device(flashlog), examples.image(flashlog)
    sent = {"image": str(image_id), "upgrade_options": options}
    assert admin.put(path(device_id), json=sent).status_code == 201


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"json": {"expendable_packages": ["tcpdump", "nano"]}}, ("tcpdump", "nano")),
        ({"data": {"expendable_packages": "tcpdump"}}, ("tcpdump",)),
        ({"json": {}}, ()),
    ],
)
def test_packages_that_may_be_lost_are_kept_with_the_operation(
    admin: Caller, flashlog: Flashlog, sent: dict[str, Any], kept: tuple[str, ...]
) -> None:
    device_id, image_id = examples.device(flashlog), examples.image(flashlog)
    (said,) = sent.values()
    said["image"] = str(image_id)
    answer = admin.put(path(device_id), **sent)
    operation_id = UUID(answer.get_json()["upgrade_operation"]["id"])
    operation = flashlog.log.get(UpgradeOperation, operation_id)
    assert operation.expendable_packages == kept


@pytest.mark.parametrize("packages", [7, {}, [["x"]], ["x" * 129], None])
def test_packages_that_are_none_are_refused_before_anything_is_recorded(
    admin: Caller, flashlog: Flashlog, packages: Any
) -> None:
    device_id, image_id = examples.device(flashlog), examples.image(flashlog)
    sent = {"image": str(image_id), "expendable_packages": packages}
    answer = admin.put(path(device_id), json=sent)
    assert answer.status_code == 400
    assert list(answer.get_json()) == ["expendable_packages"]
    assert admin.get(path(device_id)).status_code == 404


def test_firmware_is_found_in_its_own_organization_only(
    admin: Caller, flashlog: Flashlog
) -> None:
    device_id, image_id = examples.device(flashlog), examples.image(flashlog)
    admin.put(path(device_id), json={"image": str(image_id)})
    for slug, status in (("default", 200), ("nobody", 404), ("", 200)):
        answer = admin.get(f"{path(device_id)}?organization={slug}")
        assert answer.status_code == status


def test_an_unknown_device_is_not_found(admin: Caller) -> None:
    for method in ("GET", "PUT", "PATCH"):
        answer = admin(method, path(uuid4()), json={"image": str(uuid4())})
        assert answer.status_code == 404
        assert "detail" in answer.get_json()
    assert admin.post(path(uuid4())).status_code == 405


def _status(admin: Caller, firmware: dict[str, Any]) -> str:
    operation_id = firmware["upgrade_operation"]["id"]
    return str(admin.get(f"{OPERATIONS}{operation_id}/").get_json()["status"])


def test_an_image_for_another_kind_of_router_is_not_selectable(
    admin: Caller, flashlog: Flashlog
) -> None:
    device_id = examples.device(flashlog)
    examples.image(flashlog)
    other = examples.image(flashlog, board="another,board")
    answer = admin.put(path(device_id), json={"image": str(other)})
    assert answer.status_code == 400
    assert list(answer.get_json()) == ["image"]


@pytest.mark.parametrize("model", ["", "nobody knows it"])
def test_a_kind_of_router_that_nobody_knows_has_no_image(
    admin: Caller, flashlog: Flashlog, model: str
) -> None:
    device_id = examples.device(flashlog, model=model)
    image_id = examples.image(flashlog)
    answer = admin.put(path(device_id), json={"image": str(image_id)})
    assert answer.status_code == 400
    (sentence,) = answer.get_json()["__all__"]
    assert sentence.startswith("Device model and image model do not match")
    assert ("flashlog device check" in sentence) == (not model)
    # Its board is learned at a visit, and that is enough.
    examples.seen_on(flashlog, device_id, examples.BOARD)
    answer = admin.put(path(device_id), json={"image": str(image_id)})
    assert answer.status_code == 201


def test_firmware_is_forgotten_and_what_happened_stays(
    admin: Caller, flashlog: Flashlog
) -> None:
    device_id, image_id = examples.device(flashlog), examples.image(flashlog)
    assert admin.delete(path(device_id)).status_code == 404
    created = admin.put(path(device_id), json={"image": str(image_id)}).get_json()
    operation_id = created["upgrade_operation"]["id"]
    answer = admin.delete(path(device_id))
    assert answer.status_code == 409
    assert operation_id in answer.get_json()["detail"]
    admin.post(f"{OPERATIONS}{operation_id}/cancel/")
    answer = admin.delete(path(device_id))
    assert (answer.status_code, answer.data) == (204, b"")
    assert admin.get(path(device_id)).status_code == 404
    assert admin("PATCH", path(device_id), json={}).status_code == 404
    assert admin.get(f"{OPERATIONS}{operation_id}/").status_code == 200
    again = admin.put(path(device_id), json={"image": str(image_id)})
    assert again.status_code == 201
    assert again.get_json()["id"] != created["id"]


def test_firmware_of_a_deactivated_device_is_not_forgotten(
    admin: Caller, flashlog: Flashlog
) -> None:
    device_id, image_id = examples.device(flashlog), examples.image(flashlog)
    admin.put(path(device_id), json={"image": str(image_id)})
    examples.deactivated(flashlog, device_id)
    answer = admin.delete(path(device_id))
    assert answer.status_code == 403
    assert "deactivated devices" in answer.get_json()["detail"]


def test_roles_reach_firmware_as_far_as_they_may(
    people: People, flashlog: Flashlog
) -> None:
    ours = examples.organization(flashlog, "ours")
    theirs = examples.organization(flashlog, "theirs")
    shared = examples.image(
        flashlog, category_id=examples.category(flashlog, organization_id=None)
    )
    device_id = examples.device(flashlog, organization_id=ours)
    sent = {"image": str(shared)}
    assert people.anonymous().put(path(device_id), json=sent).status_code == 401
    for caller in (
        people.operator(ours),
        people.manager_without_permissions(ours),
        people.member(ours),
    ):
        assert caller.put(path(device_id), json=sent).status_code == 403
    stranger = people.administrator(theirs)
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        assert stranger(method, path(device_id), json=sent).status_code == 404
    may_change = people.caller(
        people.user(ours, is_admin=True, permissions=("change_devicefirmware",))
    )
    assert may_change.put(path(device_id), json=sent).status_code == 403
    administrator = people.administrator(ours)
    assert administrator.put(path(device_id), json=sent).status_code == 201
    # Who may change but not add, may change what there is.
    assert may_change.put(path(device_id), json=sent).status_code == 200
    assert people.operator(ours).get(path(device_id)).status_code == 200
    assert stranger.get(path(device_id)).status_code == 404
