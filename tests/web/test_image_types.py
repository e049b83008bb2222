"""Image types of the site, from a file of its own."""

from pathlib import Path

import pytest

from application.settings import Settings
from tests.web.firmware import a_build, a_category, keys, upload
from tests.web.people import Caller

TABLE = '[[type]]\nname = "acme.bin"\nlabel = "ACME"\nboards = ["acme,one"]\n'


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "types.toml"


@pytest.fixture
def settings(tmp_path: Path, table: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", image_types_file=str(table))


def test_types_of_the_site_are_known(admin: Caller, table: Path) -> None:
    table.write_text(TABLE)
    build = a_build(admin, a_category(admin))

    answer = upload(admin, build, name="openwrt-acme.bin")

    assert answer.get_json()["type"] == "acme.bin"


@pytest.mark.parametrize("text", [None, "[[type]", "[[type]]\nodd = 1\n"])
def test_a_table_that_cannot_be_read_is_trouble_of_the_server(
    admin: Caller, table: Path, text: str | None
) -> None:
    if text is not None:
        table.write_text(text)
    build = a_build(admin, a_category(admin))

    assert keys(upload(admin, build), 503) == {"detail"}
