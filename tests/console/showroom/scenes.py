"""Every page of the console, in every state in which it looks another way."""

from collections.abc import Callable, Iterator, Mapping

import msgspec
from playwright.sync_api import Page

from tests.console.showroom.opened import REFUSED, Opened
from tests.console.showroom.places import ARCHER, NEW, OLD

SIGN_IN = "/admin/login/"
_NOTHING = "00000000-0000-4000-8000-000000000000"


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """A page to look at: who opens it, and what is pressed or typed there first.

    `status` is what the server is to answer at last.
    """

    name: str
    path: str
    who: str = "maria"
    press: str = ""
    type: tuple[tuple[str, str], ...] = ()
    status: int = 200

    def prepare(self, page: Page) -> None:
        """Fill in and send the form, past what the browser itself would refuse."""
        if not self.press:
            return
        page.evaluate("for (const each of document.forms) each.noValidate = true")
        for label, text in self.type:
            page.get_by_label(label).first.fill(text)
        with page.expect_navigation() as going:
            page.get_by_role("button", name=self.press, exact=True).click()
        answer = going.value
        assert answer is not None
        assert answer.status == self.status, self.name


def _frame(_: Opened) -> Iterator[Scene]:
    yield Scene(name="overview", path="/")
    yield Scene(name="overview-of-nothing", path="/", who="nobody")
    yield Scene(name="sign-in", path=SIGN_IN, who="stranger")
    yield Scene(
        name="sign-in-refused",
        path=SIGN_IN,
        who="stranger",
        press="Sign in",
        type=(("User name", "maria"), ("Password", "wrong")),
    )
    yield Scene(name="error-403", path="/devices/", who="nobody", status=403)
    yield Scene(name="error-404-path", path="/nothing/here/", status=404)
    yield Scene(name="error-404", path=f"/operations/{_NOTHING}/", status=404)
    for code in (409, 500, 503):
        yield Scene(name=f"error-{code}", path=REFUSED.format(code), status=code)


def _empty(_: Opened) -> Iterator[Scene]:
    for name, path in (
        ("overview", "/"),
        ("devices", "/devices/"),
        ("operations", "/operations/"),
        ("firmware", "/firmware/"),
        ("mass-upgrades", "/mass-upgrades/"),
        ("mass-upgrade-new", "/mass-upgrades/new/"),
        ("history", "/history/"),
    ):
        yield Scene(name=f"empty-{name}", path=path, who="first")


def _devices(shown: Opened) -> Iterator[Scene]:
    things = shown.town.things
    yield Scene(name="devices", path="/devices/")
    yield Scene(name="devices-failed", path="/devices/?state=failed")
    yield Scene(name="devices-unreachable", path="/devices/?state=unreachable")
    yield Scene(name="devices-none", path="/devices/?text=atlantis")
    yield Scene(name="device-add", path="/devices/add/")
    yield Scene(
        name="device-add-refused",
        path="/devices/add/",
        press="Add the device",
        type=(("Name", "harbour-1"), ("MAC address", "60:e3"), ("Addresses", "a b!c")),
        status=400,
    )
    for action in ("group", "deactivate"):
        path = f"/devices/several/?state=failed&all=1&action={action}"
        yield Scene(name=f"devices-{action}", path=path)
    for thing in (
        "success",
        "failed",
        "aborted",
        "owing",
        "uploading",
        "new",
        "bare",
        "asleep",
        "lost",
        "waiting",
    ):
        path = f"/devices/{things[f'device {thing}']}/"
        yield Scene(name=f"device-{thing}", path=path)


def _device_forms(shown: Opened) -> Iterator[Scene]:
    things = shown.town.things
    here = f"/devices/{things['device failed']}/"
    yield Scene(name="device-past", path=f"{here}?at=4")
    for word in ("edit", "connect", "upgrade", "deactivate", "host-key"):
        yield Scene(name=f"device-{word}", path=f"{here}{word}/")
    yield Scene(
        name="device-edit-refused",
        path=f"{here}edit/",
        press="Save",
        type=(("Name", ""), ("MAC address", "60")),
        status=400,
    )
    image = shown.town.places.images[OLD, ARCHER.board]
    done = f"/devices/{things['device success']}/"
    danger = f"{done}upgrade/?image={image}"
    yield Scene(
        name="device-upgrade-danger",
        path=danger,
        press="Start the upgrade",
    )
    fresh = f"/devices/{things['device new']}/upgrade/"
    yield Scene(name="device-upgrade-unknown", path=fresh)
    connection = things["connection failed"]
    yield Scene(name="device-disconnect", path=f"{here}disconnect/{connection}/")
    asleep = f"/devices/{things['device asleep']}/activate/"
    yield Scene(name="device-activate", path=asleep)
    owing = f"/devices/{things['device owing']}/write-off/"
    yield Scene(name="device-write-off", path=owing)
    for name, round_id in shown.rounds.items():
        yield Scene(name=f"visit-{name}", path=f"/devices/visits/{round_id}/")


def _operations(shown: Opened) -> Iterator[Scene]:
    things = shown.town.things
    yield Scene(name="operations", path="/operations/")
    yield Scene(name="operations-failed", path="/operations/?status=failed")
    yield Scene(name="operations-none", path="/operations/?name=atlantis")
    for thing in (
        "queued",
        "uploading",
        "flashing",
        "waiting",
        "held",
        "success",
        "failed",
        "aborted",
        "aborted by key",
        "cancelled",
        "owing",
        "given up",
    ):
        name = f"operation-{thing.replace(' ', '-')}"
        yield Scene(name=name, path=f"/operations/{things[thing]}/")
    failed = f"/operations/{things['failed']}/"
    yield Scene(name="operation-recording", path=f"{failed}recordings/1/")
    yield Scene(name="operation-recording-lost", path=f"{failed}recordings/2/")
    yield Scene(name="operation-past", path=f"/operations/{things['failed']}/?at=6")
    for word, thing in (
        ("cancel", "uploading"),
        ("cancel", "flashing"),
        ("retry", "failed"),
        ("resume", "held"),
    ):
        path = f"/operations/{things[thing]}/{word}/"
        yield Scene(name=f"operation-{word}-{thing}", path=path)


def _firmware(shown: Opened) -> Iterator[Scene]:
    places = shown.town.places
    category = f"/firmware/categories/{places.category}/"
    build = f"/firmware/builds/{places.builds[NEW]}/"
    image = f"/firmware/images/{places.images[NEW, ARCHER.board]}/"
    yield Scene(name="firmware", path="/firmware/")
    yield Scene(name="category", path=category)
    yield Scene(name="category-add", path="/firmware/categories/add/")
    yield Scene(
        name="category-add-refused",
        path="/firmware/categories/add/",
        press="Save",
        status=400,
    )
    yield Scene(name="category-edit", path=f"{category}edit/")
    yield Scene(name="category-delete", path=f"{category}delete/")
    yield Scene(name="build-add", path=f"{category}builds/add/")
    yield Scene(name="build", path=build)
    yield Scene(name="build-edit", path=f"{build}edit/")
    yield Scene(name="build-delete", path=f"{build}delete/")
    yield Scene(name="image", path=image)
    yield Scene(name="image-others", path=f"{image}?devices=others")
    yield Scene(name="image-delete", path=f"{image}delete/")


def _mass_upgrades(shown: Opened) -> Iterator[Scene]:
    things, places = shown.town.things, shown.town.places
    yield Scene(name="mass-upgrades", path="/mass-upgrades/")
    yield Scene(name="mass-upgrades-none", path="/mass-upgrades/?status=failed")
    asked = f"build={places.builds[NEW]}"
    new = f"/mass-upgrades/new/?{asked}"
    check = f"/mass-upgrades/check/?{asked}"
    yield Scene(name="mass-upgrade-new", path=new)
    yield Scene(
        name="mass-upgrade-new-refused",
        path=f"{new}&option=n&option=c&uploads_max=0&failures_max=-1",
        press="Show who it would be",
        status=400,
    )
    yield Scene(name="mass-upgrade-check", path=check)
    yield Scene(name="mass-upgrade-check-skipped", path=f"{check}&rows=skipped")
    yield Scene(name="mass-upgrade-check-warned", path=f"{check}&rows=warned")
    yield Scene(name="mass-upgrade-check-danger", path=f"{check}&option=n&option=F")
    group = places.groups[2]
    yield Scene(name="mass-upgrade-check-nobody", path=f"{check}&group={group}")
    for thing in ("batch", "batch held", "batch done", "batch cancelled", "batch idle"):
        name = thing.replace("batch", "mass-upgrade").replace(" ", "-")
        yield Scene(name=name, path=f"/mass-upgrades/{things[thing]}/")
    here = f"/mass-upgrades/{things['batch']}/"
    held = f"/mass-upgrades/{things['batch held']}/"
    yield Scene(name="mass-upgrade-past", path=f"{held}?at=30")
    yield Scene(name="mass-upgrade-none", path=f"{here}?name=atlantis")
    yield Scene(name="mass-upgrade-hold", path=f"{here}hold/")
    yield Scene(name="mass-upgrade-cancel", path=f"{here}cancel/")
    yield Scene(name="mass-upgrade-resume", path=f"{held}resume/")


def _history(shown: Opened) -> Iterator[Scene]:
    yield Scene(name="history", path="/history/")
    operation = shown.town.things["failed"]
    yield Scene(name="history-narrowed", path=f"/history/?operation={operation}")
    things, images = shown.town.things, shown.town.places.images
    for name, path in (
        ("operation", f"/operations/{things['failed']}/history/"),
        ("device", f"/devices/{things['device failed']}/history/"),
        ("batch", f"/mass-upgrades/{things['batch held']}/history/"),
        ("image", f"/firmware/images/{images[NEW, ARCHER.board]}/history/"),
        ("user", f"/users/{shown.town.maria}/history/"),
    ):
        yield Scene(name=f"history-of-{name}", path=path)
    yield Scene(name="history-none", path="/history/?type=Location&before=1")


SECTIONS: Mapping[str, Callable[[Opened], Iterator[Scene]]] = {
    "frame": _frame,
    "empty": _empty,
    "devices": _devices,
    "device-forms": _device_forms,
    "operations": _operations,
    "firmware": _firmware,
    "mass-upgrades": _mass_upgrades,
    "history": _history,
}


def scenes(shown: Opened) -> Iterator[Scene]:
    for section in SECTIONS.values():
        yield from section(shown)
