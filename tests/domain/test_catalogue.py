from domain.base import rebuild
from domain.catalogue import Build, Category, FirmwareImage
from tests.domain import examples
from tests.golden import stories


def test_every_part_of_the_catalogue_is_told_again_by_its_story() -> None:
    kinds = (Category, Build, FirmwareImage)
    parts = [each for each in stories.all_stories() if isinstance(each, kinds)]

    for part in parts:
        again = rebuild(None, part.collect_events())
        assert again
        assert examples.state_of(again) == examples.state_of(part)
    assert [type(part) for part in parts] == [*kinds]


def test_a_build_names_its_category_and_an_image_its_build() -> None:
    by_id = {each.id: each for each in stories.all_stories()}
    image, build = by_id[stories.IMAGE], by_id[stories.BUILD]

    assert isinstance(image, FirmwareImage)
    assert isinstance(build, Build)
    assert image.build_id == build.id
    assert build.category_id == stories.CATEGORY
