"""What no page may do, whatever is asked of it and whatever things are called."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
from markupsafe import escape

from tests.console.streets import Streets
from tests.console.walk import paths, rules
from tests.tenancy.tenant import Tenant
from web.console.rendering import POLICY

_TEMPLATES = Path(__file__).resolve().parents[2] / "web" / "templates"
_NAME = "\"'><img onerror=x()>{{7*7}}"
# What pages refer to is theirs: a path here, a query, a place on the page.
_OWN = re.compile(r"/(?![/\\])|\?|#")
_REFERENCES = {"href", "src", "action", "formaction", "data", "poster", "srcset"}
_ODD = (
    "page=0&page_size=x",
    "page=-1",
    "page=99999999999999999999",
    "page=1e3",
    "page=%00&name=%00&text=%00&status=%00&type=%00&before=%00&at=%00",
    "at=-1&before=-1",
    "at=999999999&before=9223372036854775808",
    "before=" + "0" * 20 + "9" * 40,
    "before=" + "0" * 20 + "9" * 5000,
    "status=flying&ordering=up&order=up&state=gone&rows=all&devices=none&type=Ghost",
    "device=x&batch=x&operation=x&image=x&build=x&group=x&location=x&organization=x",
    "group={id}&location={id}&organization={id}&build={id}&reason=%F0%9F%92%A9",
    "build={build}&option=Z&option=F&option=n&upgrade_all=on&uploads_max=-1",
    "build={build}&failures_max=99999999999&reboots_max=1.5&uploads_max=%00",
    "build={build}&rows=skipped&reason=%3Cscript%3E&page=2",
    "build={build}&group={group}&packages=%00%20%2C%2C;rm",
    "action=group&device=x&device={device}&device={device}&all=1&text=%25_%5B",
    "name=%ff%fe&text=%ff%fe&release=%ff&model=%ff",
    "name={long}&text={long}&model={long}&release={long}",
    "[]=1&=&&a=1&a=2&__proto__=x",
)
_OF_ONE = 6


def _mark(tenant: Tenant) -> str:
    """Call something by what would be markup, short enough for every name."""
    text = f"{_NAME}{uuid4().hex[:5]}"
    tenant.marks.add(text)
    return text


@pytest.fixture(scope="module", autouse=True)
def _odd_names() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Tenant, "mark", _mark)
        yield


class _Page(HTMLParser):
    """Notes what would run or lead elsewhere."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag in {"style", "iframe", "object", "embed", "base"}:
            self.wrong.append(tag)
        if tag == "script" and not str(said.get("src")).startswith("/static/"):
            self.wrong.append(f"{tag} {said}")
        for name, value in said.items():
            is_foreign = name in _REFERENCES and not _OWN.match(value or "#")
            if name.startswith("on") or name == "style" or is_foreign:
                self.wrong.append(f"{tag} {name}={value}")


def test_no_page_runs_what_things_are_called(streets: Streets) -> None:
    city, admin = streets.city, streets.superuser()
    query = {"build": city.ours.ids["build_id"], "action": "activate", "all": "1"}
    said = set()
    for path in paths(city.app, city.ours, city.shared):
        answer = streets.ask(admin, "GET", path, query_string=query | {"name": _NAME})
        assert _Page(answer.text).wrong == [], path
        assert "49" + city.ours.slug not in answer.text
        said |= {path for mark in city.ours.marks if str(escape(mark)) in answer.text}
    assert len(said) > len(list(paths(city.app, city.ours, city.shared))) / 2


def test_every_answer_is_guarded(streets: Streets) -> None:
    city, admin = streets.city, streets.superuser()
    for path in (
        *paths(city.app, city.ours, city.shared),
        "/nowhere/",
        "/admin/login/",
    ):
        answer = streets.ask(admin, "GET", path)
        if answer.status_code in {302, 303}:
            continue
        assert answer.headers["Content-Security-Policy"] == POLICY, path
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "no-store" in answer.headers["Cache-Control"]


def test_no_change_is_made_without_the_token_of_the_session(streets: Streets) -> None:
    city, admin = streets.city, streets.superuser()
    end = city.flashlog.log.end()
    for path in (*paths(city.app, city.ours, method="POST"), "/admin/logout/"):
        for token in ("", "shown-by-another", "\N{SNOWMAN}"):
            sent = {"csrfmiddlewaretoken": token, "name": "renamed"}
            answer = admin.client.post(path, data=sent)
            assert answer.status_code == 403, (path, answer.status_code)
            assert answer.mimetype == "text/html"
    assert city.flashlog.log.end() == end


def test_odd_questions_are_answered(streets: Streets) -> None:
    city, admin = streets.city, streets.superuser()
    ids = city.ours.ids
    pages = zip(rules(city.app), paths(city.app, city.ours, city.shared), strict=True)
    for rule, path in pages:
        # Pages of one thing read little of what is asked for.
        for each in _ODD[:_OF_ONE] if "<" in rule else _ODD:
            query = each.format(
                id=ids["organization_id"],
                build=ids["build_id"],
                group=ids["group_id"],
                device=ids["device_id"],
                long="x%25" * 25_000,
            )
            answer = streets.ask(admin, "GET", path, query_string=query)
            assert answer.status_code < 500, (path, each)


def test_odd_forms_are_answered(streets: Streets) -> None:
    """With the things of the others: some of them are deleted here."""
    city, admin = streets.city, streets.superuser()
    form = "application/x-www-form-urlencoded"
    for path in paths(city.app, city.theirs, city.shared, method="POST"):
        for sent in (
            {"data": b"name=%ff%fe&reason=\xff&version=%00", "content_type": form},
            {"data": b"name&=&&port=99999999&target=x&keep=q", "content_type": form},
            {"data": b"name=" + b"x" * 300_000, "content_type": form},
            {"data": b"{", "content_type": "application/json"},
            {"data": b"--", "content_type": "multipart/form-data; boundary=x"},
            {"data": {"name": (BytesIO(b"a"), "a"), "reason": (BytesIO(b"a"), "\n")}},
        ):
            streets.ask(admin, "POST", path, **sent)


def test_no_template_says_what_the_policy_forbids() -> None:
    wrong = [
        f"{path.name}: {found[0]}"
        for path in _TEMPLATES.rglob("*.html")
        for found in re.finditer(
            r"(?i)<style|<script(?![^>]* src=)|\sstyle=|\son[a-z]+=|javascript:"
            r"|\|\s*safe\b|autoescape|https?://",
            path.read_text(),
        )
    ]
    assert wrong == []
