"""The play: register the routers, start all upgrades, cancel one, wait for the ends."""

import secrets
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from application.demo.images import FILE_NAME, rehearsal_image
from application.demo.routers import Actor
from application.demo.scenes import Truth, complaints, truth_of
from web.cli.demo.service import Api, DemoError, Installation

USER = "demo"
IMAGE_BYTES = 6 << 20
# Slow enough for people to see bytes move, and for a person to cancel in between.
SETTINGS = {
    "FLASHLOG_BIND": "127.0.0.1:0",
    "FLASHLOG_REQUEST_RATE_LIMIT": "off",
    "FLASHLOG_UPLOAD_BYTES_PER_SECOND_MAX": str(1 << 20),
    "FLASHLOG_RECONNECT_DELAY_SECONDS": "1",
    "FLASHLOG_RECONNECT_RETRY_DELAY_SECONDS": "2",
    "FLASHLOG_LOG_LEVEL": "WARNING",
}
# Where the upload begins; beyond it bytes have moved.
_UPLOAD_BEGINS_PERCENT = 20
_LOOK_SECONDS = 0.2
_END_SECONDS_MAX = 150.0

Tell = Callable[[str], None]
Operation = dict[str, Any]


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """How one scene ended: by Flashlog's word, and by the router's own."""

    actor: Actor
    operation: Operation
    truth: Truth
    complaints: tuple[str, ...]


class Cast(msgspec.Struct, kw_only=True):
    """Everything registered: who plays, the device ids, the image, the account."""

    actors: Sequence[Actor]
    device_ids: Sequence[str]
    image_id: str
    token: str
    password: str


def register(installation: Installation, actors: Sequence[Actor], tell: Tell) -> Cast:
    """Make an account, add the image and the routers, by the commands of everybody."""
    image = installation.directory / FILE_NAME
    image.write_bytes(rehearsal_image(IMAGE_BYTES))
    password = secrets.token_urlsafe(9)
    with ThreadPoolExecutor(4) as pool:
        token = pool.submit(_account, installation, password)
        added = pool.submit(_add_image, installation, image)
        devices = list(
            pool.map(lambda actor: _add_and_check(installation, actor), actors)
        )
        cast = Cast(
            actors=actors,
            device_ids=devices,
            image_id=added.result(),
            token=token.result(),
            password=password,
        )
    tell(f"$ flashlog user add {USER} --superuser --password-stdin")
    tell(f"$ flashlog image add {FILE_NAME}")
    for actor in actors:
        tell(f"$ flashlog {' '.join(_arguments(actor))}")
    tell(f"$ flashlog device check {' '.join(actor.scene.name for actor in actors)}")
    return cast


def play(
    api: Api, cast: Cast, show: Callable[[Sequence[Operation]], None], tell: Tell
) -> list[Ending]:
    """Upgrade all routers at once and wait until each has ended and is owed nothing."""
    ids = [api.start_upgrade(device_id, cast.image_id) for device_id in cast.device_ids]
    cancelled: set[str] = set()
    deadline = time.monotonic() + _END_SECONDS_MAX
    while True:
        found = api.operations()
        operations = [found[operation_id] for operation_id in ids]
        show(operations)
        if all(
            each["status"] != "in-progress" and not each["owed"] for each in operations
        ):
            break
        for actor, each in zip(cast.actors, operations, strict=True):
            if (
                actor.scene.is_cancelled
                and each["id"] not in cancelled
                and _is_ripe(each)
            ):
                tell(f"> a person cancels {actor.scene.name} at {each['progress']}%")
                api.cancel(each["id"])
                cancelled.add(each["id"])
        if time.monotonic() > deadline:
            msg = f"not all operations ended within {_END_SECONDS_MAX:.0f} s"
            raise DemoError(msg)
        time.sleep(_LOOK_SECONDS)
    return list(map(_ending, cast.actors, operations))


def _is_ripe(operation: Operation) -> bool:
    is_uploading: bool = operation["phase"] == "uploading"
    return is_uploading and operation["progress"] > _UPLOAD_BEGINS_PERCENT


def _ending(actor: Actor, operation: Operation) -> Ending:
    truth = truth_of(actor.router, actor.services)
    return Ending(
        actor=actor,
        operation=operation,
        truth=truth,
        complaints=tuple(
            complaints(actor.scene, operation["status"], operation["log"], truth)
        ),
    )


def _account(installation: Installation, password: str) -> str:
    installation.command(
        "user", "add", USER, "--superuser", "--password-stdin", stdin=f"{password}\n"
    )
    return str(installation.command("user", "token", USER)["token"])


def _add_image(installation: Installation, image: Path) -> str:
    return str(installation.command("image", "add", str(image))["id"])


def _arguments(actor: Actor) -> list[str]:
    router = actor.router
    return [
        *("device", "add", actor.scene.name, "--address", router.host),
        *("--port", str(router.port), "--mac", actor.mac_address),
        *(("--uuid", actor.uuid) if actor.uuid else ()),
        "--password-stdin",
    ]


def _add_and_check(installation: Installation, actor: Actor) -> str:
    """Register a router and look at it: what it is, is known before it is upgraded."""
    done = installation.command(*_arguments(actor), stdin=f"{actor.router.password}\n")
    installation.command("device", "check", actor.scene.name)
    return str(done["id"])
