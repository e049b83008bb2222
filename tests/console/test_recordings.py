"""Recorded visits on the pages of an upgrade, for those who may see them."""

from http import HTTPStatus
from uuid import UUID

import pytest

from application.flashlog import Flashlog
from domain.organization import DEFAULT_ORGANIZATION_ID
from tests.console.pages import Browser, text_of
from tests.web import examples
from tests.web.people import People
from tests.web.recorded import note_trouble, record_visit


@pytest.fixture
def operation_id(flashlog: Flashlog) -> UUID:
    return examples.operation(flashlog)


def test_the_page_of_an_operation_leads_to_its_visits(
    flashlog: Flashlog, admin: Browser, operation_id: UUID
) -> None:
    path = f"/operations/{operation_id}/"
    assert "Flight recordings" not in text_of(admin.get(path))
    record_visit(flashlog, operation_id, printed="<b>uptime=1</b>")
    note_trouble(flashlog, operation_id, "no room")
    page = admin.get(path)
    assert f'href="{path}recordings/1/"' in page.get_data(as_text=True)
    assert "2 commands" in text_of(page)
    assert "not kept: no room" in text_of(page)

    visit = admin.get(f"{path}recordings/1/")
    said = text_of(visit)
    assert "Visit 1 of 2" in said
    assert "session with 10.0.0.1:22" in said
    assert "script inspect" in said
    assert "directory=/tmp" in said
    assert "LostError: the session ended" in said
    assert "<b>uptime=1</b>" in said
    assert "<b>uptime" not in visit.get_data(as_text=True)
    assert "Nothing of it is here: no room" in text_of(
        admin.get(f"{path}recordings/2/")
    )
    gone = admin.get(f"{path}recordings/3/")
    assert gone.status_code == HTTPStatus.NOT_FOUND


def test_what_a_command_prints_is_cut_on_the_page(
    flashlog: Flashlog, admin: Browser, operation_id: UUID
) -> None:
    record_visit(flashlog, operation_id, printed="x" * 60_000)
    page = admin.get(f"/operations/{operation_id}/recordings/1/")
    assert len(page.data) < 20_000
    assert "There is more: it is told over REST" in text_of(page)


def test_whoever_may_only_look_is_shown_none(
    flashlog: Flashlog, operation_id: UUID
) -> None:
    record_visit(flashlog, operation_id, printed="hello")
    people = People(flashlog, None)  # type: ignore[arg-type]
    operator = Browser(
        flashlog,
        people.user(DEFAULT_ORGANIZATION_ID, is_admin=True, is_staff=True, groups=(1,)),
    )
    path = f"/operations/{operation_id}/"
    page = operator.get(path)
    assert page.status_code == HTTPStatus.OK
    assert "recordings/" not in page.get_data(as_text=True)
    refused = operator.get(f"{path}recordings/1/")
    assert refused.status_code == HTTPStatus.FORBIDDEN
