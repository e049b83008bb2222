"""Images come into a build as people bring them: chosen, dropped, sent by form."""

import base64
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from application.commands.builds import create_build
from application.commands.categories import create_category
from tests.console.city import City
from tests.console.visitor import PHONE, Visitor
from tests.routers.images import build_image

_GOOD = build_image(board="tplink,archer-c7-v5", size=300_000)
_OTHER = build_image(board="tplink,cpe210-v1", size=300_000)
_PAGE = b"<html><body>404 Not Found</body></html>\n"


@pytest.fixture
def build_id(city: City) -> UUID:
    category_id = create_category(city.flashlog, name=f"roofs {uuid4().hex[:8]}")
    return create_build(city.flashlog, category_id=category_id, version="24.10.1")


def name_of(board: str) -> str:
    return f"openwrt-24.10.1-ath79-generic-{board}-squashfs-sysupgrade.bin"


def payload(content: bytes, name: str) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def drop(page: Page, content: bytes, name: str) -> None:
    """Let go of a file over the place for it."""
    dropped = page.evaluate_handle(
        """([text, name]) => {
            const bytes = Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], name));
            return transfer;
        }""",
        [base64.b64encode(content).decode(), name],
    )
    place = page.locator("[data-drop]")
    place.dispatch_event("dragover", {"dataTransfer": dropped})
    place.dispatch_event("drop", {"dataTransfer": dropped})


def test_files_are_chosen_and_dropped_and_each_is_told_what_became_of_it(
    visitor: Visitor, build_id: UUID, pictures: Path
) -> None:
    page = visitor.open(f"/firmware/builds/{build_id}/")
    expect(page.get_by_text("No image yet")).to_be_visible()
    expect(page.get_by_role("button", name="Upload")).to_be_hidden()
    archer, cpe = name_of("tplink_archer-c7-v5"), name_of("tplink_cpe210-v1")
    page.get_by_label("Image file").set_input_files(
        [payload(_GOOD, archer), payload(_PAGE, "saved-page.bin")]
    )
    rows = page.get_by_role("list", name="Uploads").get_by_role("listitem")
    expect(rows.filter(has_text=archer)).to_contain_text("was added")
    refused = rows.filter(has_text="saved-page.bin")
    expect(refused).to_contain_text("The type cannot be told")
    # What is missing is said, and the file is sent again without being chosen again.
    page.get_by_text("If the file does not say what it is for").click()
    page.get_by_label("Boards").fill("tplink,archer-c7-v5")
    refused.get_by_role("button", name="Try again").click()
    expect(refused).not_to_contain_text("The type cannot be told")
    expect(refused.get_by_role("button")).to_be_visible()
    page.get_by_label("Boards").fill("")

    drop(page, _OTHER, cpe)
    expect(rows.filter(has_text=cpe)).to_contain_text("was added")
    expect(page.get_by_role("table").get_by_role("row")).to_have_count(3)
    expect(page.get_by_role("link", name="Mass upgrade", exact=True)).to_be_visible()
    # Chromium says on its console that a file was refused.
    assert all("400" in complaint for complaint in visitor.complaints)
    visitor.complaints.clear()
    visitor.require_accessible()
    visitor.picture(pictures, "firmware-build")

    page.get_by_role("link", name="CPE210").click()
    expect(page.get_by_text("What it says of itself")).to_be_visible()
    page.get_by_role("link", name="Delete").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Delete the image")
    dialog.get_by_role("button", name="Delete image").click()
    expect(page.get_by_text("The image was deleted.")).to_be_visible()
    expect(page.get_by_role("table").get_by_role("row")).to_have_count(2)


def test_without_scripts_the_form_does_it_and_says_why_not(
    chromium: Browser, city: City, build_id: UUID, pictures: Path
) -> None:
    name = name_of("tplink_archer-c7-v5")
    with Visitor.of(
        chromium, city.service.url, size=PHONE, scheme="dark", scripts=False
    ) as visitor:
        visitor.sign_in("admin", "tester")
        page = visitor.open(f"/firmware/builds/{build_id}/")
        chosen = page.get_by_label("Image file")
        chosen.set_input_files(payload(_GOOD[:-1], name))
        page.get_by_role("button", name="Upload").click()
        expect(page.locator("#wrong-file")).to_be_visible()
        visitor.complaints.clear()
        chosen.set_input_files(payload(_GOOD, name))
        page.get_by_role("button", name="Upload").click()
        expect(page.get_by_text(f"{name} was added.")).to_be_visible()
        visitor.picture(pictures, "firmware-build-phone")
