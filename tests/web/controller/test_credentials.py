from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from application.errors import NotFoundError
from application.flashlog import Flashlog
from domain.credentials import Credentials
from tests.web import examples
from tests.web.controller.conftest import (
    API,
    MASK,
    Tenants,
    credential_body,
    device_body,
    made,
)

SECRET = "correct horse"
KEY = (
    Ed25519PrivateKey.generate()
    .private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    .decode()
)


def path(credential: dict[str, Any]) -> str:
    return f"{API}/credential/{credential['id']}/"


def secret_of(flashlog: Flashlog, credential: dict[str, Any]) -> dict[str, Any]:
    known = flashlog.log.get(Credentials, UUID(credential["id"]))
    return flashlog.vault.get(known.secret_id)


def test_a_secret_goes_in_and_never_comes_out(
    tenants: Tenants, flashlog: Flashlog
) -> None:
    body = credential_body(tenants.ours)
    credential = made(tenants.administrator, "/credential/", body)
    masked = {"username": "root", "password": MASK, "port": 22}
    assert credential["params"] == masked
    assert secret_of(flashlog, credential)["password"] == SECRET
    for where in (path(credential), f"{API}/credential/"):
        answer = tenants.administrator.get(where)
        assert SECRET not in answer.get_data(as_text=True)
    shown = tenants.administrator.get(path(credential)).get_json()
    assert shown == credential
    assert shown["auto_add"] is False


def test_a_key_is_taken_like_a_password(tenants: Tenants, flashlog: Flashlog) -> None:
    body = credential_body(tenants.ours, params={"username": "root", "key": KEY})
    credential = made(tenants.administrator, "/credential/", body)
    assert credential["params"] == {"username": "root", "key": MASK, "port": 22}
    assert secret_of(flashlog, credential)["private_key"] == KEY


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"username": "root"},
        {"username": "root", "password": MASK},
        {"username": "root", "password": "abc"},
        {"username": "root", "password": 12345},
        {"username": "r", "password": "correct"},
        {"password": "correct"},
        {"username": 7, "password": "correct"},
        {"username": "root", "password": "correct", "key": KEY},
        {"username": "root", "key": "short"},
        {"username": "root", "key": "no key but long enough to be one " * 4},
        {"username": "root", "password": "correct", "port": 0},
        {"username": "root", "password": "correct", "port": 65536},
        {"username": "root", "password": "correct", "port": "22"},
        {"username": "root", "password": "correct", "port": True},
        {"username": "root", "password": "correct", "color": "red"},
    ],
)
def test_parameters_that_cannot_be_are_refused_without_repeating_them(
    tenants: Tenants, params: dict[str, Any]
) -> None:
    body = credential_body(tenants.ours, params=params)
    answer = tenants.administrator.post(f"{API}/credential/", json=body)
    assert answer.status_code == 400
    assert answer.get_json().keys() == {"params"}
    for sent in params.values():
        if isinstance(sent, str) and sent not in {"root", "22"}:
            assert f" {sent} " not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a" * 65}, "name"),
        ({"connector": "telnet"}, "connector"),
        ({"params": None}, "params"),
        ({"params": "root"}, "params"),
        ({"auto_add": "perhaps"}, "auto_add"),
        ({"organization": None}, "organization"),
        ({"organization": str(examples.NOBODY)}, "organization"),
    ],
)
def test_a_wrong_field_of_credentials_is_named(
    tenants: Tenants, changes: dict[str, Any], field: str
) -> None:
    body = credential_body(tenants.ours, **changes)
    answer = tenants.administrator.post(f"{API}/credential/", json=body)
    assert answer.status_code == 400
    assert answer.get_json().keys() == {field}


def test_only_superusers_share_credentials_with_all(tenants: Tenants) -> None:
    body = credential_body(None)
    del body["organization"]
    answer = tenants.administrator.post(f"{API}/credential/", json=body)
    assert answer.status_code == 400
    assert answer.get_json().keys() == {"organization"}
    assert tenants.root.get(f"{API}/credential/").get_json()["count"] == 0

    shared = made(tenants.root, "/credential/", body)
    assert shared["organization"] is None
    assert tenants.administrator.get(path(shared)).status_code == 200
    for method in ("PUT", "PATCH", "DELETE"):
        answer = tenants.administrator(method, path(shared), json={})
        assert answer.status_code == 403


def test_a_name_is_one_in_its_organization(tenants: Tenants) -> None:
    made(tenants.administrator, "/credential/", credential_body(tenants.ours))
    body = credential_body(tenants.ours)
    answer = tenants.administrator.post(f"{API}/credential/", json=body)
    assert answer.status_code == 400
    assert answer.get_json().keys() == {"non_field_errors"}
    made(tenants.stranger, "/credential/", credential_body(tenants.theirs))


@pytest.mark.parametrize(
    "params",
    [
        {"username": "admin", "password": MASK, "port": 2222},
        {"username": "admin", "port": 2222},
    ],
    ids=["masked", "left out"],
)
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_secret_that_is_masked_or_left_out_stays(
    tenants: Tenants, flashlog: Flashlog, method: str, params: dict[str, Any]
) -> None:
    body = credential_body(tenants.ours)
    credential = made(tenants.administrator, "/credential/", body)
    answer = tenants.administrator(
        method, path(credential), json=body | {"params": params}
    )
    assert answer.status_code == 200
    assert answer.get_json()["params"] == {
        "username": "admin",
        "password": MASK,
        "port": 2222,
    }
    assert secret_of(flashlog, credential)["password"] == SECRET


def test_a_secret_that_was_replaced_is_forgotten(
    tenants: Tenants, flashlog: Flashlog
) -> None:
    body = credential_body(tenants.ours)
    credential = made(tenants.administrator, "/credential/", body)
    old = flashlog.log.get(Credentials, UUID(credential["id"])).secret_id
    params = {"username": "root", "key": KEY}
    answer = tenants.administrator.patch(path(credential), json={"params": params})
    assert answer.get_json()["params"] == {"username": "root", "key": MASK, "port": 22}
    assert secret_of(flashlog, credential)["private_key"] == KEY
    with pytest.raises(NotFoundError):
        flashlog.vault.get(old)
    # The mask of what it was is not the mask of what it is.
    params = {"username": "root", "password": MASK}
    answer = tenants.administrator.patch(path(credential), json={"params": params})
    assert answer.status_code == 400


def test_deleted_credentials_take_secret_and_connections_with_them(
    tenants: Tenants, flashlog: Flashlog
) -> None:
    body = credential_body(tenants.ours, auto_add=True)
    credential = made(tenants.administrator, "/credential/", body)
    device = made(tenants.operator, "/device/", device_body(tenants.ours))
    connections = f"{API}/device/{device['id']}/connection/"
    assert tenants.operator.get(connections).get_json()["count"] == 1
    secret_id = flashlog.log.get(Credentials, UUID(credential["id"])).secret_id
    answer = tenants.administrator.delete(path(credential))
    assert (answer.status_code, answer.data) == (204, b"")
    assert tenants.operator.get(connections).get_json()["count"] == 0
    assert tenants.administrator.get(path(credential)).status_code == 404
    with pytest.raises(NotFoundError):
        flashlog.vault.get(secret_id)
    made(tenants.administrator, "/credential/", body)


def test_credentials_that_an_operation_may_need_are_not_deleted(
    tenants: Tenants, flashlog: Flashlog
) -> None:
    operation_id = examples.operation(flashlog)
    (connection,) = flashlog.views.rows("SELECT * FROM connection")
    where = f"{API}/credential/{connection['credentials_id']}/"
    answer = tenants.root.delete(where)
    assert answer.status_code == 409
    assert tenants.root.get(where).status_code == 200
    connections = f"{API}/device/{connection['parent_id']}/connection/"
    answer = tenants.root.delete(f"{connections}{connection['id']}/")
    assert answer.status_code == 409
    operations = "/api/v1/firmware-upgrader/upgrade-operation"
    tenants.root.post(f"{operations}/{operation_id}/cancel/")
    assert tenants.root.delete(where).status_code == 204
    assert tenants.root.get(connections).get_json()["count"] == 0


def test_every_device_gets_what_is_added_by_itself_now_and_later(
    tenants: Tenants,
) -> None:
    before = made(tenants.operator, "/device/", device_body(tenants.ours))
    theirs = made(tenants.stranger, "/device/", device_body(tenants.theirs))
    body = credential_body(tenants.ours, auto_add=True)
    own = made(tenants.administrator, "/credential/", body)
    shared = made(tenants.root, "/credential/", credential_body(None))
    tenants.root.patch(path(shared), json={"auto_add": True})
    later = device_body(tenants.ours, name="later", mac_address="AA:BB:CC:DD:EE:02")
    after = made(tenants.operator, "/device/", later)
    for device, expected in (
        (before, {own["id"], shared["id"]}),
        (after, {own["id"], shared["id"]}),
        (theirs, {shared["id"]}),
    ):
        where = f"{API}/device/{device['id']}/connection/"
        found = tenants.root.get(where).get_json()["results"]
        assert {each["credentials"] for each in found} == expected


def test_credentials_are_filtered(tenants: Tenants) -> None:
    made(tenants.administrator, "/credential/", credential_body(tenants.ours))
    made(tenants.root, "/credential/", credential_body(None, name="shared"))
    for query, names in (
        ("", ["shared", "lab"]),
        (f"organization={tenants.ours}", ["lab"]),
        ("organization_slug=ours", ["lab"]),
    ):
        found = tenants.administrator.get(f"{API}/credential/?{query}").get_json()
        assert [each["name"] for each in found["results"]] == names
