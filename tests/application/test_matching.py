"""Which images are for which devices, one or a thousand of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from application.flashlog import Flashlog
from application.queries.matching import Fitting, images_for, images_of_build
from domain.compatibility import Known
from domain.device.words import Learned
from tests.application.houses import opened
from tests.application.stock import BOARD, OTHER_BOARD, OTHER_TYPE, Stock

DEVICES = 1_000


@pytest.fixture
def flashlog(tmp_path: Path) -> Iterator[Flashlog]:
    with opened(tmp_path) as flashlog:
        yield flashlog


def fitting_ids(flashlog: Flashlog, fitting: Fitting) -> set[str]:
    condition = fitting.condition(flashlog.views)
    rows = flashlog.views.rows(
        f"SELECT id FROM device WHERE {condition.text}", condition.values
    )
    return {row["id"] for row in rows}


def test_the_condition_finds_exactly_the_devices_that_an_image_is_for(
    flashlog: Flashlog,
) -> None:
    stock = Stock(flashlog)
    build_id = stock.build(stock.category())
    stock.image(build_id)
    by_model = stock.device(model=BOARD)
    stock.device(model="another")
    stock.device(model="")
    learned = stock.new_device(model="")
    learned.learn(Learned(board=BOARD, model="", release="", revision=""))
    liar = stock.new_device(model=BOARD)
    liar.learn(Learned(board="another", model="", release="", revision=""))
    stock.tell(learned, liar)
    fitting = Fitting(images_of_build(flashlog.views, build_id))
    assert fitting_ids(flashlog, fitting) == {str(by_model), str(learned.id)}
    assert fitting_ids(flashlog, Fitting([])) == set()


def test_the_image_that_names_the_very_board_comes_first(flashlog: Flashlog) -> None:
    stock = Stock(flashlog)
    build_id = stock.build(stock.category())
    by_model = stock.image(build_id, OTHER_TYPE, ())
    by_board = stock.image(build_id, boards=(BOARD, OTHER_BOARD))
    device = Known(model=OTHER_BOARD, board=BOARD)
    found = Fitting(images_of_build(flashlog.views, build_id)).of(device)
    assert [each.image_id for each in found] == [by_board]
    assert by_model not in [each.image_id for each in found]
    assert [each.image_id for each in images_for(flashlog.views, device)] == [by_board]


def test_fifty_images_find_their_devices_among_a_thousand(flashlog: Flashlog) -> None:
    stock = Stock(flashlog)
    build_id = stock.build(stock.category())
    for number in range(50):
        stock.image(build_id, f"type-{number}", (f"board-{number}",))
    for number in range(100):
        stock.devices(DEVICES // 100, None, model=f"board-{number}")
    fitting = Fitting(images_of_build(flashlog.views, build_id))
    assert len(fitting_ids(flashlog, fitting)) == DEVICES // 2
