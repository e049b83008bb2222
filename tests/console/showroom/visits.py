"""What read-only visits would find, had the routers of the showroom anybody in them."""

from collections.abc import Callable
from threading import Event
from uuid import UUID

from application.procedure.check import CheckReport, ImageFit
from application.router.facts import Memory, RouterFacts
from domain.device.device import Device
from tests.console.showroom.places import ARCHER, CUDY, NEW, OLD
from tests.console.showroom.town import Town
from tests.domain import examples

_FREE_BYTES = 21 << 20
_TROUBLE = "10.12.0.21 port 22 as root: the log-in was refused."


def looking(town: Town, never: Event) -> Callable[[UUID], CheckReport]:
    """Return what finds a router well, out of reach, or waits as long as it may."""

    def look(device_id: UUID) -> CheckReport:
        device = town.house.flashlog.log.get(Device, device_id)
        if device_id == town.things["device queued"]:
            never.wait()
        if device_id == town.things["device lost"]:
            return CheckReport(device_id=device_id, name=device.name, trouble=_TROUBLE)
        return CheckReport(
            device_id=device_id,
            name=device.name,
            address="10.12.0.31",
            host_key="SHA256:k3JgOMe0dQyIYyO0Gr3yV0B4m5TVB9q0C0pNqgW3s4k",
            host_key_is_new=True,
            weak_algorithms=True,
            identity=device.mac_address,
            verified_by="mac",
            facts=_facts(device),
            images=tuple(_fits(town)),
        )

    return look


def _fits(town: Town) -> list[ImageFit]:
    images = town.places.images
    other = f"the image is not for this board: {ARCHER.board}"
    return [
        ImageFit(image_id=images[NEW, ARCHER.board], file_name=ARCHER.file_name(NEW)),
        ImageFit(
            image_id=images[OLD, ARCHER.board],
            file_name=ARCHER.file_name(OLD),
            installed=True,
        ),
        ImageFit(
            image_id=images[NEW, CUDY.board],
            file_name=CUDY.file_name(NEW),
            reason=other,
        ),
    ]


def _facts(device: Device) -> RouterFacts:
    return RouterFacts(
        boot_id="1d6c3a53-1f80-4b0a-9c4f-2d1e6a0e1f11",
        uptime_seconds=1_234_567,
        release=OLD,
        revision="r24106-10cc5fcd00",
        target=ARCHER.target,
        description=f"OpenWrt {OLD}",
        board=ARCHER.board,
        model=ARCHER.model,
        compat_version="1.0",
        agent_uuid=None,
        enrolled_uuid=None,
        macs=(device.mac_address,),
        marker=None,
        memory=Memory(available_bytes=_FREE_BYTES, room_bytes=_FREE_BYTES),
        memory_total_bytes=128 << 20,
        services=examples.SERVICES,
        way_in="eth0",
        wifi_is_up=True,
        wifi_may_be_way_in=False,
        sysupgrade_running=False,
    )
