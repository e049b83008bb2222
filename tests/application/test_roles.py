"""Who is what in an installation: alone, among others, at work."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Thread

import pytest

from application.commands.operations import start_upgrade
from application.flashlog import Flashlog
from application.queries.health import health_facts
from tests.adapters.databases import KINDS
from tests.application.houses import a_device, an_image, opened


@pytest.fixture(params=KINDS)
def houses(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Flashlog]]:
    """The same installation, opened as three processes open it."""
    url = request.getfixturevalue("postgres_url") if request.param != "sqlite" else ""
    with ExitStack() as stack:
        yield [
            stack.enter_context(opened(tmp_path / "house", database_url=url))
            for _ in range(3)
        ]


def test_one_at_a_time_is_alone(houses: list[Flashlog]) -> None:
    one, other, _ = houses
    with one.alone("projector") as is_alone:
        assert is_alone
        with other.alone("projector") as is_alone_too:
            assert not is_alone_too
    with other.alone("projector") as is_alone:
        assert is_alone


def test_only_who_finds_nobody_prepares(houses: list[Flashlog]) -> None:
    """The first that goes and comes again must not take from the second."""
    one, other, third = houses
    prepared: list[str] = []
    with (
        other_stays(other, one, prepared),
        third.among("runner", when_first=lambda: prepared.append("third")),
    ):
        pass
    assert prepared == ["one"]
    with third.among("runner", when_first=lambda: prepared.append("third")):
        assert prepared == ["one", "third"]


def other_stays(other: Flashlog, one: Flashlog, prepared: list[str]) -> ExitStack:
    """Let one come first, another join it, and one leave."""
    stack = ExitStack()
    with one.among("runner", when_first=lambda: prepared.append("one")):
        stack.enter_context(
            other.among("runner", when_first=lambda: prepared.append("other"))
        )
    return stack


def test_who_comes_while_the_first_prepares_waits_for_it(
    houses: list[Flashlog],
) -> None:
    one, other, _ = houses
    told: list[str] = []
    has_begun, may_end = Event(), Event()

    def prepare() -> None:
        has_begun.set()
        may_end.wait(60)
        told.append("prepared")

    def come(flashlog: Flashlog) -> None:
        with flashlog.among("runner", when_first=prepare):
            told.append("there")

    threads = [Thread(target=come, args=(house,)) for house in (one, other)]
    threads[0].start()
    assert has_begun.wait(60)
    threads[1].start()
    threads[1].join(0.2)
    assert told == []
    may_end.set()
    for thread in threads:
        thread.join(10)
    assert told == ["prepared", "there", "there"]


def test_a_service_or_a_runner_by_itself_is_at_work(houses: list[Flashlog]) -> None:
    here, there, _ = houses
    assert not here.is_worked()
    with there.serving():
        assert here.is_served()
        assert here.is_worked()
    with there.presence.of("runner"):
        assert not here.is_served()
        assert here.is_worked()
    assert not here.is_worked()


def test_work_is_well_where_a_runner_is_and_trouble_where_none_is(
    houses: list[Flashlog],
) -> None:
    def finding() -> tuple[bool, str]:
        facts = {fact.name: fact for fact in health_facts(houses[0])}
        return facts["operations"].is_well, facts["operations"].finding

    start_upgrade(
        houses[0], device_id=a_device(houses[0]), image_id=an_image(houses[0])
    )

    lonely = "1 in progress, and no runner is there to go on with them"
    assert finding() == (False, lonely)
    with houses[0].presence.of("runner"):
        assert finding() == (True, "1 in progress")
