"""An organization with one of everything, made through the interface itself."""

from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from uuid import uuid4

from tests.routers.images import build_image
from tests.web.people import Caller

FIRMWARE = "/api/v1/firmware-upgrader"
CONTROLLER = "/api/v1/controller"
USERS = "/api/v1/users"
CONNECTOR = "openwisp_controller.connection.connectors.ssh.Ssh"
STRATEGY = "openwisp_controller.connection.connectors.openwrt.ssh.OpenWrt"
MODEL = "TP-Link TL-WDR4300 v1"
IMAGE_TYPE = "ath79-generic-tplink_tl-wdr4300-v1-squashfs-sysupgrade.bin"


@dataclass
class Tenant:
    """`ids` are the things of an organization by the name a URL gives them.

    `marks` are texts that stand nowhere but in what belongs to it. `position` is one
    of the log at which all of it was there.
    """

    slug: str
    ids: dict[str, str] = field(default_factory=dict)
    marks: set[str] = field(default_factory=set)
    position: int = 0

    def mark(self) -> str:
        """Make a text by which something of this organization is recognised."""
        return self.word()

    def word(self) -> str:
        """Make a mark that does for the name of a host or a user."""
        text = f"mark-{uuid4().hex[:12]}"
        self.marks.add(text)
        return text

    def traces(self) -> set[str]:
        return self.marks | {self.slug} | set(self.ids.values())


def settle(admin: Caller, number: int) -> Tenant:
    """Make an organization with a device that is being upgraded, and a batch."""
    tenant = Tenant(slug=f"org-{uuid4().hex[:12]}")
    tenant.ids["organization_id"] = organization = _made(
        admin,
        f"{USERS}/organization/",
        {"name": tenant.mark(), "slug": tenant.slug, "description": tenant.mark()},
    )
    catalogue(admin, tenant, organization)
    _inventory(admin, tenant, organization, number)
    device = tenant.ids["device_id"]
    answer = admin.put(
        f"{FIRMWARE}/device/{device}/firmware/", json={"image": tenant.ids["image_id"]}
    )
    assert answer.status_code == 201, answer.text
    tenant.ids["operation_id"] = answer.get_json()["upgrade_operation"]["id"]
    tenant.ids["firmware_id"] = answer.get_json()["id"]
    answer = admin.post(f"{FIRMWARE}/build/{tenant.ids['build_id']}/upgrade/", json={})
    assert answer.status_code == 201, answer.text
    tenant.ids["batch_id"] = answer.get_json()["batch"]
    tenant.ids["check_id"] = _made(
        admin, f"{CONTROLLER}/device-check/", {"devices": [device]}
    )
    return tenant


def catalogue(admin: Caller, tenant: Tenant, organization: str | None) -> None:
    """Make a category, a build and an image; without an organization, shared ones."""
    category = _made(
        admin,
        f"{FIRMWARE}/category/",
        {"name": tenant.mark(), "organization": organization},
    )
    build = _made(
        admin,
        f"{FIRMWARE}/build/",
        {"category": category, "version": tenant.mark(), "changelog": tenant.mark()},
    )
    file = (
        BytesIO(build_image(revision=f"r{uuid4().int % 10**6}-abc")),
        f"openwrt-{IMAGE_TYPE}",
    )
    answer = admin.post(f"{FIRMWARE}/build/{build}/image/", data={"file": file})
    assert answer.status_code == 201, answer.text
    tenant.ids |= {
        "category_id": category,
        "build_id": build,
        "image_id": answer.get_json()["id"],
    }


def _inventory(admin: Caller, tenant: Tenant, organization: str, number: int) -> None:
    of = {"organization": organization}
    group = {"name": tenant.mark(), "templates": [], **of}
    location = {
        "name": tenant.mark(),
        "address": tenant.mark(),
        "type": "outdoor",
        "is_mobile": True,
        **of,
    }
    params = {"username": "root", "password": tenant.mark()}
    credentials = {
        "name": tenant.mark(),
        "connector": CONNECTOR,
        "params": params,
        **of,
    }
    ids = tenant.ids
    ids["group_id"] = _made(admin, f"{CONTROLLER}/group/", group)
    ids["location_id"] = _made(admin, f"{CONTROLLER}/location/", location)
    ids["credentials_id"] = _made(admin, f"{CONTROLLER}/credential/", credentials)
    ids["device_id"] = _device(admin, tenant, number, group=ids["group_id"])
    url = f"{CONTROLLER}/device/{ids['device_id']}"
    connection = {"credentials": ids["credentials_id"], "update_strategy": STRATEGY}
    ids["connection_id"] = _made(admin, f"{url}/connection/", connection)
    # It has no firmware yet: a mass upgrade of everything takes it in.
    ids["new_device_id"] = _device(admin, tenant, number + 100)
    url_of_new = f"{CONTROLLER}/device/{ids['new_device_id']}"
    _made(admin, f"{url_of_new}/connection/", connection)
    answer = admin.put(f"{url}/location/", json={"location": ids["location_id"]})
    assert answer.status_code == 201, answer.text


def _device(admin: Caller, tenant: Tenant, number: int, **others: str) -> str:
    device = {
        "name": tenant.word(),
        "mac_address": f"02:00:00:00:00:{number:02x}",
        "management_ip": f"127.0.{number}.1",
        "model": MODEL,
        "notes": tenant.mark(),
        "organization": tenant.ids["organization_id"],
        **others,
    }
    return _made(admin, f"{CONTROLLER}/device/", device)


def _made(admin: Caller, url: str, body: dict[str, Any]) -> str:
    answer = admin.post(url, json=body)
    assert answer.status_code == 201, f"{url}: {answer.text}"
    return str(answer.get_json()["id"])
