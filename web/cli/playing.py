"""`flashlog simulate --recording`: a router that answers as it was recorded."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from application.recordings.lines import RecordingError, VisitLine
from web.cli import exits, output


def play(path: Path, *, host: str, as_json: bool) -> int:
    """Answer SSH until all that was recorded was asked again, or something else.

    Returns the exit status: FAILED where something else was asked. Raises UsageError.
    """
    # Here, since importing asyncssh would slow down every other command.
    from application.simulation.recording import Recording  # noqa: PLC0415
    from application.simulation.replayed import ReplayedRouter  # noqa: PLC0415

    try:
        with path.open("rb") as file:
            recording = Recording.read(file)
        router = ReplayedRouter(recording, host=host)
    except RecordingError as error:
        msg = f"{path} cannot be played: {error}"
        raise click.UsageError(msg) from None
    with router:
        listing = _listing(router)
        if as_json:
            output.print_json(listing)
        else:
            _tell(listing, recording.visits[0].line if recording.visits else None)
        try:
            router.wait()
        except KeyboardInterrupt:
            return exits.INTERRUPTED
    if router.difference:
        output.say(f"it went another way: {router.difference}")
        return exits.FAILED
    output.say("the router was told what was recorded, to its end")
    return exits.DONE


def _listing(router: Any) -> Mapping[str, Any]:
    head = router.recording.head
    return {
        "name": "recorded",
        "host": router.host,
        "port": router.port,
        "username": router.username,
        "password": router.password,
        "uuid": head.device.get("agent_uuid"),
        "mac": head.device.get("mac_address"),
        "image": head.image.get("file_name"),
        "image_sha256": head.image.get("sha256"),
        "options": dict(head.options),
    }


def _tell(listing: Mapping[str, Any], visit: VisitLine | None) -> None:
    uuid = f"--uuid {listing['uuid']} " if listing["uuid"] else ""
    output.say(
        f"echo '{listing['password']}' | flashlog device add {listing['name']} "
        f"--address {listing['host']} --port {listing['port']} "
        f"--mac {listing['mac']} {uuid}--password-stdin"
    )
    for name, value in (visit.settings if visit else {}).items():
        output.notice(f"recorded with FLASHLOG_{name.upper()}={_plain(value)}")
    flags = "".join(f" -{name}" for name, is_on in listing["options"].items() if is_on)
    output.notice(
        f"upgrade it to {listing['image']}, sha256 {listing['image_sha256']}"
        f"{', with the options' + flags if flags else ''}: "
        f"flashlog upgrade {listing['name']} FILE"
    )


def _plain(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
