"""What sysupgrade and procd ask of the rig: the image's verdict and the flash."""

import asyncio
import errno
import hashlib
import json
import os
import time
from pathlib import Path

from tests.routers import face
from tests.routers.images import metadata_of
from tests.routers.judge import Judge
from tests.routers.life import Life
from tests.routers.releases import quirks_of

_SESSIONS_END_SECONDS = 0.3
_ANSWER_SECONDS = 20.0
_NOT_SUPPORTED = 8


class Requests:
    """Reads the requests of the router's programs and answers them.

    A request is one line, `ANSWER VERB ARGUMENTS`; its answer goes to the named pipe
    ANSWER: an exit status on the first line, then what to print.
    """

    def __init__(self, life: Life, tally: Path) -> None:
        self._life = life
        self._tally = tally
        self._rest = b""
        self._pipe = -1

    def open(self) -> None:
        place = self._life.base / "shared/requests"
        os.mkfifo(place)
        self._pipe = os.open(place, os.O_RDWR | os.O_NONBLOCK)
        asyncio.get_running_loop().add_reader(self._pipe, self._read)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._pipe)
        os.close(self._pipe)

    def _read(self) -> None:
        *lines, self._rest = (self._rest + os.read(self._pipe, 65536)).split(b"\n")
        for line in lines:
            answer, verb, *arguments = line.decode().split(" ", 2)
            text = arguments[0] if arguments else ""
            try:
                status, output = self._serve(verb, text)
            except Exception as error:  # noqa: BLE001 - or the router would wait for ever
                status, output = 99, f"the rig failed: {error!r}\n"
            name = answer.rsplit("/", 1)[1]
            self._life.begin(self._answer(name, f"{status}\n{output}"))

    async def _answer(self, name: str, text: str) -> None:
        place = self._life.base / "shared/answers" / name
        limit = time.monotonic() + _ANSWER_SECONDS
        while time.monotonic() < limit:
            try:
                pipe = os.open(place, os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                if error.errno not in (errno.ENXIO, errno.ENOENT):
                    raise
                await asyncio.sleep(0.001)  # it does not read yet
                continue
            os.set_blocking(pipe, True)
            with os.fdopen(pipe, "w") as file:
                file.write(text)
            return

    def _serve(self, verb: str, text: str) -> tuple[int, str]:
        if verb == "judge":
            path, keep, minor = text.rsplit(" ", 2)
            return self._judge(path, keep_config=keep == "1", minor=minor == "1")
        if verb == "verdict":
            judge, image = self._judge_now(), self._image(text)
            found = self._complaints(image, keep_config=False)
            return 0, judge.verdict(found) + "\n"
        if verb == "flash":
            return self._flash(json.loads(text))
        self._life.begin(self._life.power_cycle(self._life.setup.reboot_seconds))
        return 0, ""

    def _judge_now(self) -> Judge:
        disk, setup = self._life.disk, self._life.setup
        quirks = quirks_of(disk.release)
        return Judge(quirks, setup.target, setup.board, disk.compat_version())

    def _image(self, path: str) -> bytes | None:
        place = self._life.live(path)
        return place.read_bytes() if place is not None and place.is_file() else None

    def _complaints(
        self, image: bytes | None, *, keep_config: bool, minor: bool = False
    ) -> list[str]:
        if self._life.has(face.CorruptImage):
            image = None
        return self._judge_now().complaints(
            image, keep_config=keep_config, ignore_minor=minor
        )

    def _judge(self, path: str, *, keep_config: bool, minor: bool) -> tuple[int, str]:
        image = self._image(path)
        metadata = metadata_of(image) if image is not None else None
        left = self._life.live("/tmp/sysupgrade.meta")
        if metadata is not None and left is not None:
            left.write_text(metadata)
        found = self._complaints(image, keep_config=keep_config, minor=minor)
        return int(bool(found)), "".join(f"{line}\n" for line in found)

    def _flash(self, options: dict[str, object]) -> tuple[int, str]:
        image = self._image(str(options["path"]))
        refusal = self._life.has(face.RefuseFlash)
        if refusal is not None and refusal.exit_status == 1:
            return 1, "Image check failed.\n"
        forced = bool(options.get("force"))
        bad = not forced and self._complaints(image, keep_config=False)
        if refusal or bad or image is None or self._life.is_upgrading:
            return _NOT_SUPPORTED, ""
        self._life.begin(self._upgrade(image, options))
        return 0, ""

    async def _upgrade(self, image: bytes, options: dict[str, object]) -> None:
        """From the moment procd took over until the router answers, or never."""
        life = self._life
        life.is_upgrading = True
        if life.has(face.HangAtFlash):
            life.link.hang()
        life.machine.become_upgraded()
        await asyncio.sleep(_SESSIONS_END_SECONDS)
        life.machine.end_sessions()
        await life.link.refuse()
        with self._tally.open("a") as tally:
            record = {"sha256": hashlib.sha256(image).hexdigest(), **options}
            tally.write(json.dumps(record) + "\n")
        await asyncio.sleep(life.setup.write_seconds)
        backup = self._image(str(options.get("backup", "/")))
        await life.power_off()
        life.link.cut_all_but_hung()
        self._install(image, backup)
        life.is_upgrading = False
        if life.has(face.NeverBack):
            return
        await asyncio.sleep(life.setup.reboot_seconds)
        if life.has(face.BackOnAnotherAddress):
            life.address = life.other_address
        await life.power_on()

    def _install(self, image: bytes, backup: bytes | None) -> None:
        life, disk = self._life, self._life.disk
        if not life.has(face.BackWithOldFirmware):
            metadata = json.loads(metadata_of(image) or "{}")
            version = metadata.get("version", {})
            release = version.get("version", disk.release)
            revision = version.get("revision", disk.revision)
            if other := life.has(face.BackWithOtherFirmware):
                release, revision = other.release, other.revision
            compat = metadata.get("compat_version", "1.0")
            disk.install(release, revision, compat, backup)
        changed = life.has(face.ChangedHostKey)
        if changed and changed.after_flash:
            disk.change_host_keys()
        wrong = life.has(face.WrongUuid)
        if wrong and wrong.after_flash:
            disk.write_uuid(wrong.uuid)
