"""Every endpoint, asked by every role of another organization: nothing is seen.

The endpoints are found by walking the application's URLs, so that a new one is asked
too, or fails here because nobody said what its parameters stand for.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from application import passwords
from tests.tenancy.city import City, filled, seen_in
from tests.tenancy.tenant import MODEL, Tenant
from tests.web.people import Caller
from web.api.resource import Resource

ROLES = ("administrator", "operator", "manager_without_permissions", "member")
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
# Where the permission alone counts: whoever has it may see that there is nobody.
_WITHOUT_MANAGERS = "/api/v1/users/"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_SCRYPT", {"n": 16, "r": 8, "p": 1})
        made = City(tmp_path_factory.mktemp("city"))
        yield made
        made.flashlog.close()


def bodies(tenant: Tenant) -> Iterator[dict[str, Any]]:
    """What somebody may send who knows the ids of another organization."""
    ids = tenant.ids
    yield {}
    yield {
        "name": "renamed",
        "slug": "renamed",
        "version": "renamed",
        "username": "renamed",
        "email": "renamed@example.org",
        "password": "renamed-renamed",
        "organization": ids["organization_id"],
        "organization_users": {"organization": ids["organization_id"]},
        "category": ids["category_id"],
        "build": ids["build_id"],
        "image": ids["image_id"],
        "group": ids["group_id"],
        "location": ids["location_id"],
        "credentials": ids["credentials_id"],
        "device": ids["device_id"],
        "devices": [ids["device_id"]],
        "mac_address": "02:00:00:00:00:01",
        "model": MODEL,
        "type": "outdoor",
        "is_mobile": True,
        "templates": [],
        "config": None,
        "upgrade_all": True,
        "connector": "openwisp_controller.connection.connectors.ssh.Ssh",
        "params": {"username": "root", "password": "other-secret"},
    }


def queries(tenant: Tenant) -> Iterator[dict[str, str]]:
    """What a list may be asked for by who knows the ids of another organization."""
    ids = tenant.ids
    yield {}
    yield {"page_size": "100", "organization": tenant.slug}
    yield {"organization": ids["organization_id"]}
    yield {"organization_slug": tenant.slug}
    for name, of in (
        ("device__organization", "organization_id"),
        ("device", "device_id"),
        ("image", "image_id"),
        ("build", "build_id"),
        ("category", "category_id"),
        ("group", "group_id"),
        ("location", "location_id"),
        ("batch", "batch_id"),
        ("operation", "operation_id"),
    ):
        yield {name: ids[of]}
    yield {"device__organization__slug": tenant.slug}
    yield {"as_of": str(tenant.position)}


class Said(msgspec.Struct, frozen=True):
    """What was answered."""

    status: int
    text: str


def ask(caller: Caller, method: str, url: str, **sent: Any) -> Said:
    """Ask and read the whole answer, a file's too."""
    with caller(method, url, **sent) as answer:
        said = Said(answer.status_code, answer.get_data().decode(errors="replace"))
    assert said.status < 500, (method, url, said.text)
    return said


@pytest.mark.parametrize("role", ROLES)
def test_nothing_of_another_organization_is_seen(city: City, role: str) -> None:
    caller = city.caller(role, city.ours)
    for rule, resource in city.endpoints():
        for query in queries(city.theirs):
            for of in (city.theirs, city.ours, city.shared):
                url = filled(rule, of, city.ours)
                for method in ("GET", "OPTIONS"):
                    answer = ask(caller, method, url, query_string=query)
                    told = seen_in(answer.text, url, city.theirs)
                    asked = set(query.values())
                    assert not told - asked, (role, method, url, query, answer.text)
                    assert not (
                        answer.status == 200
                        and of is city.theirs
                        and method == "GET"
                        and _is_of_one(rule, resource)
                    ), (role, url, answer.text)


@pytest.mark.parametrize("role", ["administrator", "operator"])
def test_as_of_the_end_of_the_log_everybody_is_told_what_they_are_told_now(
    city: City, role: str
) -> None:
    caller = city.caller(role, city.ours)
    end = {"as_of": str(city.flashlog.log.end())}
    told: set[str] = set()
    for rule, resource in city.endpoints():
        # What a device runs it is exposed to for longer and longer.
        if "GET" not in resource.handlers or "exposure" in rule:
            continue
        for of in (city.ours, city.shared, city.theirs):
            url = filled(rule, of, city.ours)
            now, then = (
                ask(caller, "GET", url),
                ask(caller, "GET", url, query_string=end),
            )
            if "Only the present is told" in then.text:
                continue
            if '"next":"' not in now.text:  # which repeats the question
                assert then == now, (role, url)
                told.update({rule} if then.status == 200 else ())
    # Operation, device, mass upgrade, what runs where, and lists of two of them.
    assert len(told) >= 6, told


@pytest.mark.parametrize("role", [*ROLES, "anonymous"])
def test_nothing_of_another_organization_is_changed(city: City, role: str) -> None:
    is_known = role != "anonymous"
    caller = city.caller(role, city.ours) if is_known else city.people.anonymous()
    before = city.versions(city.theirs)
    for rule, _ in city.endpoints():
        url = filled(rule, city.theirs, city.shared)
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            for body in bodies(city.theirs):
                answer = ask(caller, method, url, json=body)
                told = seen_in(answer.text, url, city.theirs)
                assert not told, (role, method, url, answer.text)
    assert city.versions(city.theirs) == before


@pytest.mark.parametrize("role", ROLES)
def test_what_all_share_is_changed_by_superusers_alone(city: City, role: str) -> None:
    caller = city.caller(role, city.ours)
    before = city.versions(city.shared)
    for rule, _ in city.endpoints():
        if not {"category_id", "build_id", "image_id", "batch_id"} & _things(rule):
            continue
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            for body in bodies(city.ours):
                url = filled(rule, city.shared)
                assert ask(caller, method, url, json=body).status >= 400
    assert city.versions(city.shared) == before


def test_nobody_without_a_name_is_told_anything(city: City) -> None:
    nobody = city.people.anonymous()
    for rule, _ in city.endpoints():
        url = filled(rule, city.theirs, city.shared)
        for method in METHODS:
            answer = ask(nobody, method, url)
            assert answer.status == 401, (method, url, answer.text)


@pytest.mark.parametrize("role", ["manager_without_permissions", "member"])
def test_who_has_no_role_is_let_in_nowhere(city: City, role: str) -> None:
    caller = city.caller(role, city.theirs)
    for rule, _ in city.endpoints():
        url = filled(rule, city.theirs, city.shared)
        for method in METHODS:
            answer = ask(caller, method, url)
            if not rule.startswith(_WITHOUT_MANAGERS):
                assert answer.status in {403, 404}, (method, url, answer.text)


def test_managers_see_what_is_theirs(city: City) -> None:
    """The crossing would also be empty if nobody were shown anything."""
    administrator = city.caller("administrator", city.theirs)
    unseen = [
        url
        for rule, resource in city.endpoints()
        if "GET" in resource.handlers
        for url in [filled(rule, city.theirs, city.shared)]
        if ask(administrator, "GET", url).status != 200
    ]
    assert not unseen


def _things(rule: str) -> set[str]:
    return set(re.findall(r"<uuid:(\w+)>", rule))


def _is_of_one(rule: str, resource: Resource) -> bool:
    """Whether a URL names a thing that has an owner."""
    return "<uuid:" in rule and "GET" in resource.handlers
