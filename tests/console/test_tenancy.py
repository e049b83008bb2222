"""Every page, asked for by every role of another organization: nothing is seen.

The pages are found by walking the application's URLs, so that a new one is asked for
too, or fails here because nobody said what its parameters stand for.
"""

import re
from collections.abc import Iterator

import pytest

from tests.console.pages import Browser
from tests.console.streets import Streets
from tests.console.walk import paths, rules
from tests.tenancy.city import seen_in
from tests.tenancy.tenant import Tenant, settle

ROLES = ("administrator", "operator", "manager_without_permissions", "member")
MANAGERS = ROLES[:2]
# What differs from one answer to the next, whoever has done nothing in between.
_OF_THE_MOMENT = re.compile(
    r'data-(?:position|now)="[^"]+"|name="(?:form|key)" value="[0-9a-f-]+"'
    r'|href="\?before=\d+"'
)


def _queries(tenant: Tenant) -> Iterator[dict[str, str]]:
    """What pages may be asked for by who knows the ids of another organization."""
    ids = tenant.ids
    for name in ("batch", "operation", "image", "build", "category"):
        yield {name: ids[f"{name}_id"]}
    for each in ids.values():
        yield {"device": each}
    for name in ("group", "location", "organization"):
        yield {name: ids[f"{name}_id"], "build": ids["build_id"]}
    yield {"organization": tenant.slug}
    yield {"action": "group", "device": ids["device_id"]}
    yield {"type": "Device", "device": ids["device_id"], "batch": ids["batch_id"]}


def _forms(tenant: Tenant, path: str) -> Iterator[dict[str, str]]:
    """What somebody may send there who knows the ids of another organization."""
    ids = tenant.ids
    facts = {
        "name": "renamed",
        "mac_address": "02:00:00:00:77:01",
        "version": "renamed",
        "reason": "renamed",
        "organization": ids["organization_id"],
        "group": ids["group_id"],
        "location": ids["location_id"],
        "credentials": ids["credentials_id"],
        "device": ids["device_id"],
        "category": ids["category_id"],
        "build": ids["build_id"],
        "image": ids["image_id"],
    }
    yield {}
    yield facts
    # One at a time: nothing else is to be what such a form is refused for.
    plain = {name: facts[name] for name in ("name", "mac_address", "version")}
    for name in ("organization", "group", "location"):
        if path.endswith(("add/", "edit/")):
            yield {**plain, name: facts[name]}
    if "several" not in path:
        return
    for action, table in (
        ("check", ""),
        ("activate", ""),
        ("deactivate", ""),
        ("group", "group_id"),
        ("location", "location_id"),
    ):
        yield {**facts, "action": action, "target": ids.get(table, "")}


@pytest.mark.parametrize("role", ROLES)
def test_nothing_of_another_organization_is_seen(streets: Streets, role: str) -> None:
    city, browser = streets.city, streets.browser(role, streets.city.ours)
    theirs = city.theirs
    for rule, foreign, own in zip(
        rules(city.app),
        paths(city.app, theirs, city.shared),
        paths(city.app, city.ours, city.shared),
        strict=True,
    ):
        answer = streets.ask(browser, "GET", foreign)
        assert not seen_in(answer.text, foreign, theirs), (foreign, answer.text)
        if "<" in rule:
            assert answer.status_code in {403, 404}, (foreign, answer.text)
        has_filters = role in MANAGERS and "<" not in rule
        queries = _queries(theirs) if has_filters else ()
        for query in ({}, *queries):
            answer = streets.ask(browser, "GET", own, query_string=query)
            told = seen_in(answer.text, own, theirs) - set(query.values())
            assert not told, (own, query, told, answer.text)


@pytest.mark.parametrize("role", MANAGERS)
def test_what_all_share_tells_nothing_of_another(streets: Streets, role: str) -> None:
    city, browser = streets.city, streets.browser(role, streets.city.ours)
    for path in paths(city.app, city.shared, city.ours):
        answer = streets.ask(browser, "GET", path)
        assert not seen_in(answer.text, path, city.theirs), (path, answer.text)


@pytest.mark.parametrize("role", ROLES)
def test_nothing_of_another_organization_is_changed(
    streets: Streets, role: str
) -> None:
    city, theirs = streets.city, streets.city.theirs
    browser = streets.browser(role, city.ours)
    end = city.flashlog.log.end()
    for path in paths(city.app, theirs, method="POST"):
        for form in _forms(theirs, path):
            answer = streets.ask(browser, "POST", path, data=form)
            told = seen_in(answer.text, path, theirs) - set(form.values())
            assert not told, (path, form, told, answer.text)
    assert city.flashlog.log.end() == end


def test_own_things_are_not_tied_to_those_of_another(streets: Streets) -> None:
    city, theirs = streets.city, streets.city.theirs
    mine = settle(city.admin, 7)
    city.people_of(mine)
    browser = streets.browser("administrator", mine)
    mine.ids["round_id"] = theirs.ids["round_id"]
    before = city.versions(theirs)
    for path in paths(city.app, mine, method="POST"):
        for form in _forms(theirs, path):
            sent = form | {"device": mine.ids["device_id"]}
            streets.ask(browser, "POST", path, data=sent, query_string=form)
        seen = [
            streets.ask(browser, "GET", f"{about}{mine.ids[name]}/").text
            for about, name in (
                ("/devices/", "device_id"),
                ("/firmware/builds/", "build_id"),
            )
        ]
        told = seen_in("".join(seen), path, theirs)
        assert not told, (path, told)
    assert city.versions(theirs) == before


@pytest.mark.parametrize("role", MANAGERS)
def test_what_all_share_is_changed_by_superusers_alone(
    streets: Streets, role: str
) -> None:
    city, browser = streets.city, streets.browser(role, streets.city.ours)
    before = city.versions(city.shared)
    shared = {"category_id", "build_id", "image_id", "batch_id"}
    for rule, path in zip(
        rules(city.app, "POST"),
        paths(city.app, city.shared, city.theirs, method="POST"),
        strict=True,
    ):
        if any(f":{name}>" in rule for name in shared):
            answer = streets.ask(browser, "POST", path, data={"name": "renamed"})
            assert answer.status_code in {403, 404}, (path, answer.text)
    assert city.versions(city.shared) == before


def test_what_happens_to_another_moves_no_page(streets: Streets) -> None:
    """Neither do counts tell of it, nor what is chosen from."""
    city = streets.city
    browser = streets.browser("administrator", city.ours)
    own = [
        *paths(city.app, city.ours, city.shared),
        *paths(city.app, city.shared, city.ours),
    ]
    before = _shown(streets, browser, own)
    settle(city.admin, 20)
    operation = city.theirs.ids["operation_of_all"]
    streets.ask(streets.superuser(), "POST", f"/operations/{operation}/cancel/")
    after = _shown(streets, browser, own)
    for path in own:
        assert after[path] == before[path], path


def test_managers_see_what_is_theirs(streets: Streets) -> None:
    """The crossing would also be empty if nobody were shown anything."""
    city = streets.city
    browser = streets.browser("administrator", city.theirs)
    ids = city.theirs.ids
    asked = {
        "build": ids["build_id"],
        "action": "activate",
        "all": "1",
    }
    unseen = [
        (path, answer.status_code)
        for path in paths(city.app, city.theirs, city.shared)
        for answer in [streets.ask(browser, "GET", path, query_string=asked)]
        if answer.status_code != 200
    ]
    assert unseen == []


@pytest.mark.parametrize("role", ["manager_without_permissions", "member"])
def test_who_has_no_role_is_let_in_nowhere(streets: Streets, role: str) -> None:
    city, browser = streets.city, streets.browser(role, streets.city.theirs)
    let_in = {
        path
        for path in paths(city.app, city.theirs, city.shared)
        if streets.ask(browser, "GET", path).status_code == 200
    }
    assert let_in <= {"/", "/history/"}


def test_strangers_are_asked_who_they_are(streets: Streets) -> None:
    city = streets.city
    nobody = city.app.test_client()
    end = city.flashlog.log.end()
    for method in ("GET", "POST"):
        for path in paths(city.app, city.theirs, city.shared, method=method):
            answer = nobody.open(path, method=method)
            assert answer.status_code == 302, (method, path, answer.text)
            assert answer.headers["Location"].startswith("/admin/login/"), path
    assert city.flashlog.log.end() == end


def _shown(streets: Streets, browser: Browser, own: list[str]) -> dict[str, str]:
    return {
        path: _OF_THE_MOMENT.sub("", streets.ask(browser, "GET", path).text)
        for path in own
    }
