import msgspec
import pytest

from domain.base import rebuild
from domain.catalogue import (
    HEALTH_CHECK_BYTES_MAX,
    Build,
    BuildChanged,
    BuildCreated,
    Category,
    FirmwareImage,
    ManifestAttached,
)
from domain.errors import InvalidError
from tests.domain import examples
from tests.golden import stories


def test_every_part_of_the_catalogue_is_told_again_by_its_story() -> None:
    kinds = (Category, Build, FirmwareImage)
    parts = [each for each in stories.all_stories() if isinstance(each, kinds)]

    for part in parts:
        again = rebuild(None, part.collect_events())
        assert again
        assert examples.state_of(again) == examples.state_of(part)
    assert {type(part) for part in parts} == {*kinds}


def test_a_build_names_its_category_and_an_image_its_build() -> None:
    by_id = {each.id: each for each in stories.all_stories()}
    image, build = by_id[stories.IMAGE], by_id[stories.BUILD]

    assert isinstance(image, FirmwareImage)
    assert isinstance(build, Build)
    assert image.build_id == build.id
    assert build.category_id == stories.CATEGORY


CREATED = BuildCreated(category_id=stories.CATEGORY, version="23.05")


def test_a_build_may_have_health_checks_of_one_line() -> None:
    created = msgspec.structs.replace(CREATED, health_checks=("ping -c 1 10.0.0.1",))

    assert Build.create(stories.BUILD, created).health_checks == created.health_checks


@pytest.mark.parametrize(
    "command", ["", " ", "true\nreboot", "a\0b", "x" * (HEALTH_CHECK_BYTES_MAX + 1)]
)
def test_a_health_check_that_cannot_be_sent_is_refused_at_the_door(
    command: str,
) -> None:
    created = msgspec.structs.replace(CREATED, health_checks=("true", command))

    with pytest.raises(InvalidError) as refusal:
        Build.create(stories.BUILD, created)

    assert list(refusal.value.fields) == ["health_checks"]


def test_a_change_brings_no_health_check_that_cannot_be_sent() -> None:
    build = Build.create(stories.BUILD, CREATED)
    changed = BuildChanged(
        category_id=stories.CATEGORY,
        version="23.05",
        os=None,
        changelog="",
        health_checks=("true\nreboot",),
    )

    with pytest.raises(InvalidError):
        build.change(changed)


def test_a_manifest_that_is_attached_again_is_no_news() -> None:
    build = Build.create(stories.BUILD, CREATED)
    manifest = ManifestAttached(target="ath79/generic", packages={"dropbear": "1"})

    build.attach(manifest)
    build.attach(manifest)

    assert build.version == 2
    assert build.manifests == {"ath79/generic": {"dropbear": "1"}}


@pytest.mark.parametrize(
    "packages",
    [{"x" * 129: "1"}, {"x": "1" * 129}, {f"p{n}": "1" for n in range(12_001)}],
)
def test_a_monstrous_manifest_is_refused(packages: dict[str, str]) -> None:
    build = Build.create(stories.BUILD, CREATED)

    with pytest.raises(InvalidError):
        build.attach(ManifestAttached(target="ath79/generic", packages=packages))
