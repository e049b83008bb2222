import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.compatibility import Known, Names, Router, fits, judge
from domain.firmware import FirmwareMetadata
from domain.options import UpgradeOptions
from domain.release import Release

BOARD = "tplink,archer-c7-v5"
MODEL = "TP-Link Archer C7 v5"
KEEP, ERASE, FORCE = UpgradeOptions(), UpgradeOptions(n=True), UpgradeOptions(F=True)
COMPAT_VERSIONS = st.sampled_from(["1.0", "1.1", "1.2", "2.0", "2.1"])


def router(
    release: str = "23.05.5", compat_version: str = "", board: str = BOARD
) -> Router:
    return Router(
        board=board,
        model=MODEL,
        release=Release.parse(release),
        compat_version=compat_version,
    )


def image(
    compat_version: str = "1.0", *boards: str, message: str = ""
) -> FirmwareMetadata:
    return FirmwareMetadata(
        boards=boards or (BOARD,), compat_version=compat_version, compat_message=message
    )


def reason(*args: object, **options: object) -> str:
    told = judge(*args, **options)  # type: ignore[arg-type]
    assert told is not None
    assert told.rstrip().endswith((".", "!"))
    return told


def test_an_image_fits_a_router_of_one_of_its_boards() -> None:
    assert judge(image("1.0", "old-name", BOARD), router(), options=KEEP) is None


def test_another_board_is_refused_with_both_names() -> None:
    told = reason(image("1.0", "tplink,archer-c7-v4"), router(), options=KEEP)
    assert "expected tplink,archer-c7-v4" in told
    assert f"found {BOARD}" in told


def test_force_does_not_make_another_board_fit() -> None:
    assert reason(image("1.0", "tplink,archer-c7-v4"), router(), options=FORCE)


def test_a_router_that_names_no_board_is_refused() -> None:
    assert "found none" in reason(image(), router(board=""), options=KEEP)


@pytest.mark.parametrize("model", ["", MODEL, "tp-link  archer C7 v5 ", BOARD])
def test_the_model_of_the_device_may_be_blank_or_written_otherwise(model: str) -> None:
    assert judge(image(), router(), options=KEEP, device_model=model) is None


def test_a_router_of_another_model_than_the_device_is_refused() -> None:
    told = reason(image(), router(), options=KEEP, device_model="GL-AR150")
    assert "expected GL-AR150" in told
    assert f"found {MODEL}" in told


def test_a_router_of_another_board_than_the_device_is_refused() -> None:
    told = reason(image(), router(), options=KEEP, device_board="glinet,ar150")
    assert "expected glinet,ar150" in told


def test_a_raised_minor_version_needs_the_configuration_erased() -> None:
    told = reason(image("1.1", message="Ports renamed."), router(), options=KEEP)
    assert "expected compat version 1.0, found 1.1" in told
    assert "Ports renamed." in told
    assert judge(image("1.1"), router(), options=ERASE) is None
    assert judge(image("1.1"), router(compat_version="1.1"), options=KEEP) is None


def test_a_raised_major_version_cannot_be_reached_but_by_force() -> None:
    told = reason(image("2.0"), router(compat_version="1.1"), options=ERASE)
    assert "expected 1.x, found 2.0" in told
    assert judge(image("2.0"), router(), options=FORCE) is None


@pytest.mark.parametrize("release", ["18.06.9", "19.07.10"])
def test_old_releases_take_no_raised_version_even_when_erasing(release: str) -> None:
    assert judge(image("1.0"), router(release), options=KEEP) is None
    told = reason(image("1.1"), router(release), options=ERASE)
    assert release in told
    assert judge(image("1.1"), router(release), options=FORCE) is None


def in_words_of_fwtool(wanted: str, running: str, *, keep: bool) -> bool:
    """The comparison as the shell of 21.02 and later makes it."""
    if wanted.rpartition(".")[0] != running.rpartition(".")[0]:
        return False
    return wanted == running or not keep


@given(wanted=COMPAT_VERSIONS, running=COMPAT_VERSIONS, keep=st.booleans())
def test_the_answer_is_the_one_that_the_router_would_give(
    wanted: str, running: str, *, keep: bool
) -> None:
    told = judge(
        image(wanted),
        router(compat_version=running),
        options=KEEP if keep else ERASE,
    )
    assert (told is None) == in_words_of_fwtool(wanted, running, keep=keep)


@given(st.text(max_size=20), st.text(max_size=5), st.text(max_size=20))
def test_whatever_a_router_says_there_is_an_answer(
    board: str, compat_version: str, model: str
) -> None:
    found = router(board=board, compat_version=compat_version)
    told = judge(image(), found, options=KEEP, device_model=model)
    assert told is not None or board == BOARD


@pytest.mark.parametrize(
    ("names", "known", "is_fit"),
    [
        pytest.param(Names(models=(MODEL,)), Known(model=MODEL), True, id="model"),
        pytest.param(
            Names(models=(MODEL,)), Known(learned_model=MODEL), True, id="learned model"
        ),
        pytest.param(Names(boards=(BOARD,)), Known(board=BOARD), True, id="board"),
        pytest.param(
            Names(boards=(BOARD,)), Known(model=BOARD), True, id="a board as the model"
        ),
        pytest.param(
            Names(boards=(BOARD,), models=("another",)),
            Known(model="no table knows it", board=BOARD),
            True,
            id="a board that only the image's metadata names",
        ),
        pytest.param(
            Names(boards=(BOARD,), models=(MODEL,)),
            Known(model=MODEL, board="tplink,other"),
            False,
            id="the router said that it is another board",
        ),
        pytest.param(
            Names(models=(MODEL,)),
            Known(model=MODEL, board="tplink,other"),
            True,
            id="an image that names no board",
        ),
        pytest.param(
            Names(boards=(BOARD,), models=(MODEL,)), Known(), False, id="nothing known"
        ),
        pytest.param(
            Names(models=("", MODEL)), Known(), False, id="a blank is no name"
        ),
        pytest.param(
            Names(models=(MODEL,)), Known(model=MODEL.lower()), False, id="case"
        ),
        pytest.param(
            Names(models=(MODEL,)), Known(model=MODEL[:-1]), False, id="part of a name"
        ),
    ],
)
def test_an_image_fits_a_device_by_the_names_of_both(
    names: Names, known: Known, *, is_fit: bool
) -> None:
    assert fits(names, known) is is_fit
