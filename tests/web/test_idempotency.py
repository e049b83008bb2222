"""A request that is sent again with its `Idempotency-Key` is done once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from werkzeug.test import TestResponse

from application.flashlog import Flashlog
from domain.catalogue import Build, FirmwareImage
from domain.device.device import Device
from domain.idempotency import KEPT
from domain.operation.operation import UpgradeOperation
from domain.organization import DEFAULT_ORGANIZATION_ID
from tests.application.stock import Stock
from tests.web import examples
from tests.web.conftest import API, Caller, token_for
from web.app import create_app

KEY = {"Idempotency-Key": '"8e03978e-40d5-43e8-bc93-6894a57f9324"'}


def operations(flashlog: Flashlog) -> int:
    (row,) = flashlog.views.rows("SELECT count(*) AS n FROM operation")
    return int(row["n"])


def ended(flashlog: Flashlog) -> UUID:
    operation_id = examples.operation(flashlog)
    examples.installed(flashlog, operation_id)
    return operation_id


def retry(caller: Caller, operation_id: UUID, key: str) -> TestResponse:
    headers = {"Idempotency-Key": key}
    return caller.post(
        f"{API}/upgrade-operation/{operation_id}/retry/", headers=headers
    )


def test_the_same_request_starts_one_operation_and_is_answered_alike(
    flashlog: Flashlog, admin: Caller
) -> None:
    operation_id = ended(flashlog)
    first, second = (retry(admin, operation_id, "again-1") for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.get_json() == second.get_json()
    assert operations(flashlog) == 2


def test_another_key_starts_another_operation(
    flashlog: Flashlog, admin: Caller
) -> None:
    operation_id = ended(flashlog)
    first, second = (retry(admin, operation_id, key) for key in ("a", "b"))
    assert first.get_json()["id"] != second.get_json()["id"]


def test_a_quoted_key_is_the_key_within(flashlog: Flashlog, admin: Caller) -> None:
    operation_id = ended(flashlog)
    first, second = (retry(admin, operation_id, key) for key in ('"a b"', '"a b"'))
    third = retry(admin, operation_id, '"a"')
    assert first.get_json() == second.get_json()
    assert retry(admin, operation_id, "a").get_json()["id"] == third.get_json()["id"]


def test_the_key_of_another_request_is_refused(
    flashlog: Flashlog, admin: Caller
) -> None:
    retry(admin, ended(flashlog), "a")
    answer = retry(admin, ended(flashlog), "a")
    assert answer.status_code == 422
    assert "another request" in answer.get_json()["detail"]


def test_another_user_may_use_the_same_key(flashlog: Flashlog, admin: Caller) -> None:
    token = token_for(flashlog, "other", is_superuser=True)
    other = Caller(create_app(flashlog).test_client(), token)
    operation_id = ended(flashlog)
    first, second = (retry(each, operation_id, "a") for each in (admin, other))
    assert first.get_json()["id"] != second.get_json()["id"]


@pytest.mark.parametrize("key", ["", " ", '""', "x" * 256, "a b", "ä", '"'])
def test_what_is_no_key_is_refused(flashlog: Flashlog, admin: Caller, key: str) -> None:
    answer = retry(admin, ended(flashlog), key)
    assert answer.status_code == 400
    assert operations(flashlog) == 1


def test_who_sees_nothing_of_it_is_told_nothing_by_a_key(
    flashlog: Flashlog, anybody: Caller
) -> None:
    assert retry(anybody, ended(flashlog), "a").status_code == 401


def test_a_refused_request_may_be_sent_again_with_its_key(
    flashlog: Flashlog, admin: Caller
) -> None:
    operation_id = examples.operation(flashlog)
    assert retry(admin, operation_id, "a").status_code == 409
    examples.installed(flashlog, operation_id)
    assert retry(admin, operation_id, "a").status_code == 201


def test_a_key_counts_for_days_and_not_for_ever(
    flashlog: Flashlog, admin: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation_id = ended(flashlog)
    first = retry(admin, operation_id, "a")
    now = flashlog.clock.now
    almost = KEPT - timedelta(minutes=1)
    monkeypatch.setattr(flashlog.clock, "now", lambda: now() + almost)
    assert retry(admin, operation_id, "a").get_json()["id"] == first.get_json()["id"]
    monkeypatch.setattr(flashlog.clock, "now", lambda: now() + KEPT)
    assert retry(admin, operation_id, "a").get_json()["id"] != first.get_json()["id"]


def test_the_answer_is_lost_and_the_work_is_not_done_again(
    flashlog: Flashlog, admin: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(_: int) -> bool:
        raise RuntimeError("killed between the append and the answer")

    operation_id = ended(flashlog)
    with monkeypatch.context() as dying:
        dying.setattr(flashlog, "show", die)
        assert retry(admin, operation_id, "a").status_code == 500
    flashlog.projector.catch_up()
    assert retry(admin, operation_id, "a").status_code == 201
    assert operations(flashlog) == 2


def test_of_equal_requests_at_the_same_moment_one_does_the_work(
    flashlog: Flashlog, token: str
) -> None:
    other = Flashlog(flashlog.settings)  # another process would have its own
    apps = [create_app(each) for each in (flashlog, other)]
    operation_id = ended(flashlog)

    def send(number: int) -> TestResponse:
        caller = Caller(apps[number % 2].test_client(), token)
        return retry(caller, operation_id, "a")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(16)))
    other.close()
    assert {each.status_code for each in answers} == {201}
    assert len({each.get_json()["id"] for each in answers}) == 1
    assert operations(flashlog) == 2


def test_a_firmware_is_set_once_and_the_answer_says_again_that_it_is_new(
    flashlog: Flashlog, admin: Caller
) -> None:
    path = f"{API}/device/{examples.device(flashlog)}/firmware/"
    body = {"image": str(examples.image(flashlog))}
    first = admin.put(path, json=body, headers=KEY)
    second = admin.put(path, data=body, headers=KEY)  # a form says the same
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.get_json() == second.get_json()
    assert operations(flashlog) == 1


def test_another_body_with_the_same_key_is_refused(
    flashlog: Flashlog, admin: Caller
) -> None:
    path = f"{API}/device/{examples.device(flashlog)}/firmware/"
    for number, expected in enumerate((201, 422)):
        body = {"image": str(examples.image(flashlog)), "number": number}
        assert admin.put(path, json=body, headers=KEY).status_code == expected
    assert operations(flashlog) == 1


@pytest.mark.parametrize("has_operation", [True, False])
def test_a_firmware_that_was_there_already_is_not_set_by_the_same_request_later(
    flashlog: Flashlog, admin: Caller, *, has_operation: bool
) -> None:
    if has_operation:
        operation = flashlog.log.get(UpgradeOperation, ended(flashlog))
        device_id, image_id = operation.device_id, operation.image_id
    else:
        device_id, image_id = examples.device(flashlog), examples.image(flashlog)
        assume(flashlog, device_id, image_id)
    path, body = f"{API}/device/{device_id}/firmware/", {"image": str(image_id)}
    first = admin.put(path, json=body, headers=KEY)
    assert first.status_code == 200
    # Somebody wants another one meanwhile.
    image = flashlog.log.get(FirmwareImage, image_id)
    category_id = flashlog.log.get(Build, image.build_id).category_id
    other = {"image": str(examples.image(flashlog, category_id=category_id))}
    assert admin.put(path, json=other).status_code == 200
    count = operations(flashlog)
    second = admin.put(path, json=body, headers=KEY)
    assert second.status_code == 200
    keys = ("upgrade_operation", "id")
    assert [second.get_json()[each] for each in keys] == [
        first.get_json()[each] for each in keys
    ]
    assert operations(flashlog) == count
    assert admin.put(path, json=other, headers=KEY).status_code == 422


def assume(flashlog: Flashlog, device_id: UUID, image_id: UUID) -> None:
    """Let a device have an image that no operation brought."""
    device = flashlog.log.get(Device, device_id)
    device.assign_firmware(image_id, firmware_id=uuid4(), installed=True)
    flashlog.show(flashlog.log.append(device))


@pytest.fixture
def build_url(flashlog: Flashlog) -> str:
    """Where to upgrade a router to a newer build."""
    stock = Stock(flashlog)
    category_id = stock.category(DEFAULT_ORGANIZATION_ID)
    old, new = stock.build(category_id), stock.build(category_id)
    stock.device(stock.image(old))
    stock.image(new)
    return f"{API}/build/{new}/upgrade/"


def batches(flashlog: Flashlog) -> int:
    (row,) = flashlog.views.rows("SELECT count(*) AS n FROM batch")
    return int(row["n"])


def test_a_mass_upgrade_is_started_once(
    flashlog: Flashlog, admin: Caller, build_url: str
) -> None:
    first, second = (admin.post(build_url, json={}, headers=KEY) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.get_json() == second.get_json()
    assert batches(flashlog) == 1
    changed = admin.post(build_url, json={"upgrade_all": True}, headers=KEY)
    assert changed.status_code == 422
    assert batches(flashlog) == 1


def test_of_equal_starts_at_the_same_moment_one_makes_the_batch(
    flashlog: Flashlog, token: str, build_url: str
) -> None:
    app = create_app(flashlog)

    def send(_: int) -> TestResponse:
        caller = Caller(app.test_client(), token)
        return caller.post(build_url, json={}, headers=KEY)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, range(8)))
    assert {each.status_code for each in answers} == {201}
    assert len({each.get_json()["batch"] for each in answers}) == 1
    assert batches(flashlog) == 1
