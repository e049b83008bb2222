"""The catalogue: take images in once, find them again."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from uuid import UUID

import pytest

from application.commands.images import NewImage, add_image, find_image
from application.flashlog import Flashlog
from domain.catalogue import Build, Category, FirmwareImage
from domain.errors import InvalidError, NotFoundError
from tests.application.houses import an_image, opened
from tests.domain import examples
from tests.routers.images import build_image

NAME = "openwrt-23.05.5-ath79-generic-sysupgrade.bin"


@pytest.fixture
def flashlog(tmp_path: Path) -> Iterator[Flashlog]:
    with opened(tmp_path / "house") as flashlog:
        yield flashlog


def add(
    flashlog: Flashlog, content: bytes, version: str = "", name: str = NAME
) -> UUID:
    new = NewImage(file_name=name, version=version)
    return add_image(flashlog, new, [content[:100], content[100:]], by=examples.PERSON)


def sha256_of(flashlog: Flashlog, image_id: UUID) -> str:
    return flashlog.log.get(FirmwareImage, image_id).facts.sha256


def test_an_added_image_says_what_it_read_in_its_metadata(flashlog: Flashlog) -> None:
    image_id = add(flashlog, build_image(size=8192))

    facts = flashlog.log.get(FirmwareImage, image_id).facts
    assert facts.boards == ("tplink,archer-c7-v5",)
    assert (facts.release, facts.revision) == ("23.05.5", "r24106-10cc5fcd00")
    assert (facts.size_bytes, facts.by) == (8192, examples.PERSON)
    assert facts.type == "ath79-generic-sysupgrade.bin"
    assert facts.sha256 in flashlog.images
    assert flashlog.images.is_sound(facts.sha256)


def test_category_and_build_are_made_when_they_are_first_named(
    flashlog: Flashlog,
) -> None:
    first = add(flashlog, build_image(size=8192, seed="a"))
    second = add(flashlog, build_image(size=8192, seed="b"), name="other.bin")

    builds = {
        flashlog.log.get(FirmwareImage, image_id).build_id
        for image_id in (first, second)
    }
    (build_id,) = builds
    build = flashlog.log.get(Build, build_id)
    assert build.software_version == "23.05.5 r24106-10cc5fcd00"
    assert flashlog.log.get(Category, build.category_id).name == "OpenWrt"
    assert len(flashlog.views.all("category")) == 1


def test_the_same_file_again_is_the_image_that_is_there(flashlog: Flashlog) -> None:
    content = build_image(size=8192)
    image_id = add(flashlog, content)
    end = flashlog.log.end()

    assert add(flashlog, content) == image_id
    assert flashlog.log.end() == end


def test_the_same_file_is_another_image_in_another_build(flashlog: Flashlog) -> None:
    content = build_image(size=8192)

    first = add(flashlog, content)
    second = add(flashlog, content, version="mine-1")

    assert first != second
    assert len(list(flashlog.images)) == 1


def test_who_builds_the_same_version_again_gets_a_build_of_its_own(
    flashlog: Flashlog,
) -> None:
    first = add(flashlog, build_image(size=8192, seed="a"))
    content = build_image(size=8192, seed="b")
    second = add(flashlog, content)

    assert add(flashlog, content) == second != first
    image = flashlog.log.get(FirmwareImage, second)
    version = flashlog.log.get(Build, image.build_id).software_version
    assert version == f"23.05.5 r24106-10cc5fcd00 {image.facts.sha256[:8]}"


def test_a_version_that_was_given_takes_one_image_of_a_type(flashlog: Flashlog) -> None:
    add(flashlog, build_image(size=8192, seed="a"), version="mine")

    with pytest.raises(InvalidError) as refusal:
        add(flashlog, build_image(size=8192, seed="b"), version="mine")

    assert set(refusal.value.fields) == {"__all__"}
    assert len(list(flashlog.images)) == 1


def test_of_many_that_add_the_same_file_all_get_the_same_image(
    flashlog: Flashlog,
) -> None:
    content = build_image(size=8192)
    together = Barrier(4)

    def take(_: int) -> UUID:
        together.wait(60)
        return add(flashlog, content)

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(take, range(4)))) == 1
    assert len(flashlog.views.all("image")) == 1
    assert len(flashlog.views.all("build")) == 1


def test_nonsense_is_refused_and_leaves_nothing(flashlog: Flashlog) -> None:
    end = flashlog.log.end()

    for content in (b"", b"<html></html>" * 99, build_image(corrupt="bit-flipped")):
        with pytest.raises(InvalidError) as refusal:
            add(flashlog, content)
        assert set(refusal.value.fields) == {"file"}

    assert flashlog.log.end() == end
    assert list((flashlog.settings.data_dir / "images").iterdir()) == []


def test_a_file_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    with (
        opened(tmp_path / "small", image_size_max_bytes=4096) as flashlog,
        pytest.raises(InvalidError, match="FLASHLOG_IMAGE_SIZE_MAX_BYTES"),
    ):
        add(flashlog, build_image(size=8192))


def test_an_image_that_does_not_say_its_version_needs_one(flashlog: Flashlog) -> None:
    disk = bytes(510) + b"\x55\xaa" + bytes(range(256)) * 64
    new = NewImage(file_name="x86.img", boards=("x86",))

    with pytest.raises(InvalidError) as refusal:
        add_image(flashlog, new, [disk])
    assert set(refusal.value.fields) == {"version"}
    assert list(flashlog.images) == []

    versioned = NewImage(file_name="x86.img", boards=("x86",), version="1.0")
    image_id = add_image(flashlog, versioned, [disk])
    assert find_image(flashlog, "1.0") == image_id


@pytest.mark.parametrize("by", ["id", "ID", "file", "version", "sha256", "SHA256"])
def test_an_image_is_found_by_what_one_knows_of_it(flashlog: Flashlog, by: str) -> None:
    image_id = add(flashlog, build_image(size=8192))
    an_image(flashlog, "r1-other")
    sha256 = sha256_of(flashlog, image_id)

    text = {
        "id": str(image_id),
        "ID": str(image_id).upper(),
        "file": NAME,
        "version": "23.05.5 r24106-10cc5fcd00",
        "sha256": sha256[:8],
        "SHA256": sha256.upper(),
    }[by]
    assert find_image(flashlog, text) == image_id


def test_an_image_is_found_by_its_release_without_the_revision(
    flashlog: Flashlog,
) -> None:
    image_id = add(flashlog, build_image(release="24.10.7", size=8192))
    assert find_image(flashlog, "24.10.7") == image_id


def test_too_little_of_a_hash_finds_nothing_and_says_where_to_look(
    flashlog: Flashlog,
) -> None:
    image_id = add(flashlog, build_image(size=8192))

    with pytest.raises(NotFoundError, match="`flashlog image list` shows"):
        find_image(flashlog, sha256_of(flashlog, image_id)[:7])


def test_what_fits_several_images_lists_them(flashlog: Flashlog) -> None:
    first = an_image(flashlog, "r1-a")
    second = an_image(flashlog, "r1-b")

    with pytest.raises(NotFoundError) as refusal:
        find_image(flashlog, "openwrt.bin")

    assert f"({first})" in str(refusal.value)
    assert f"({second})" in str(refusal.value)
