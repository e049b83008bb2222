"""The typed face of the scripts: what the upgrade procedure asks of a router.

Every method raises, beside what its docstring says: LinkLostError when the session
breaks or the limit passes, UnexpectedError when the script failed or printed what
was not declared, and, where it takes a fence, GuardRefusedError.
"""

from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

from application.errors import UnexpectedError
from application.observing.tracing import span
from application.ports import Completed, Session
from application.router import answers
from application.router.arguments import CANARY_PATH, joined_flags, safe_path
from application.router.facts import (
    Checksum,
    Claim,
    HealthCheck,
    ImageVerdict,
    Memory,
    RouterFacts,
    ServiceStop,
    Settlement,
)
from application.router.fence import Fence
from application.router.limits import RouterLimits
from application.router.owed import NOTHING_OWED, Owed
from application.router.reply import Reply, read
from application.scripts import render

_GZIP_MAGIC = b"\x1f\x8b"


class Router:
    """One router over one open session."""

    def __init__(self, session: Session, limits: RouterLimits | None = None) -> None:
        self._session = session
        self._limits = limits or RouterLimits()

    def inspect(self, *, directory: str = "/tmp", path: str = "") -> RouterFacts:  # noqa: S108
        """Look without touching: `directory` is where an image would go, `path` it."""
        return answers.router_facts(
            self._run("inspect", directory=directory, path=path, canary=CANARY_PATH)
        )

    def claim(
        self,
        fence: Fence,
        *,
        path: str,
        lease_seconds: int,
        previous: str = "",
        owed: Owed = NOTHING_OWED,
    ) -> Claim:
        """Take the router for this visit: end old writers, arm the switch.

        Refused as `owed` when an older operation of this installation left something
        to give back: claim again with its id as `previous`, which gives it back first.
        """
        reply = self._run(
            "claim",
            fence,
            path=safe_path(path),
            lease_seconds=lease_seconds,
            previous=previous,
            owed=owed,
        )
        return answers.claim(reply)

    def free_memory(self, fence: Fence, *, path: str) -> Memory:
        """Remove package lists, caches and leftovers; measure."""
        return answers.memory(self._run("free_memory", fence, path=safe_path(path)))

    def stop_services(
        self,
        fence: Fence,
        *,
        path: str,
        services: Iterable[str],
        wifi: bool,
        settle_seconds: int,
    ) -> ServiceStop:
        """Stop those of the services that run; measure once memory has come back.

        Network and dropbear are never stopped; Wi-Fi only when asked, and not when
        our own connection may pass through it.
        """
        reply = self._run(
            "stop_services",
            fence,
            path=safe_path(path),
            services=" ".join(services),
            wifi=int(wifi),
            settle_seconds=settle_seconds,
            limit_seconds=self._limits.script_seconds + settle_seconds,
        )
        return answers.service_stop(reply)

    def pieces(self, *, path: str, piece_bytes: int, total_bytes: int) -> list[str]:
        """Return the sha256 of every whole piece that the file reaches, in order."""
        reply = self._run(
            "pieces",
            path=safe_path(path),
            piece_bytes=piece_bytes,
            total_bytes=total_bytes,
            limit_seconds=self._limits.checksum_seconds,
        )
        return list(reply.many("piece"))

    def write_command(self, fence: Fence, *, path: str) -> Callable[[int], str]:
        """Return the command, by offset, that writes its standard input to the file."""
        safe_path(path)

        def command_for(offset: int) -> str:
            return render("write", **fence.inputs(), path=path, offset=offset)

        return command_for

    def check_writes(self, writes: Iterable[Completed]) -> None:
        """Raise what the first write that did not work says.

        GuardRefusedError `no-space` when the directory is full.
        """
        for completed in writes:
            reply = read("write", completed)
            if status := reply.number("exit_status"):
                raise UnexpectedError(
                    "writing the image failed", command="write", exit_status=status
                )

    def extend(self, fence: Fence, *, lease_seconds: int) -> None:
        """Push the deadline of the switch out to this many seconds from now."""
        self._run("extend", fence, lease_seconds=lease_seconds)

    def checksum(self, *, path: str) -> Checksum | None:
        """Return length and hash of the file, None when there is none."""
        reply = self._run(
            "checksum",
            path=safe_path(path),
            limit_seconds=self._limits.checksum_seconds,
        )
        return answers.checksum(reply)

    def test_image(
        self, fence: Fence, *, path: str, flags: Sequence[str]
    ) -> ImageVerdict:
        """Let the router test the image with the very options of the real run."""
        reply = self._run(
            "test_image",
            fence,
            path=safe_path(path),
            flags=joined_flags(flags),
            limit_seconds=self._limits.image_test_seconds,
        )
        return answers.image_verdict(reply)

    def backup(self) -> bytes:
        """Return the router's own configuration backup, a gzipped tar."""
        completed = self._session.execute(
            render("backup"),
            limit_seconds=self._limits.backup_seconds,
            stdout_bytes_max=self._limits.backup_bytes_max,
        )
        archive = completed.stdout
        if completed.exit_status != 0 or not archive.startswith(_GZIP_MAGIC):
            raise UnexpectedError(
                "the router made no configuration backup",
                command="sysupgrade -b -",
                exit_status=completed.exit_status,
                tail=completed.stderr.decode("utf-8", "replace")[-1000:],
            )
        return archive

    def flash(
        self,
        fence: Fence,
        *,
        path: str,
        flags: Sequence[str],
        sha256: str,
        lease_seconds: int,
    ) -> bool:
        """Start sysupgrade, detached, if the file there has this hash; at most once.

        Returns, when it was started, whether a canary file was left that a flash wipes
        out; only what answers later tells whether it flashed.
        The switch stays armed for a sysupgrade that refuses or hangs: after the lease
        the router gives back by itself what nobody came back to settle.
        """
        reply = self._run(
            "flash",
            fence,
            path=safe_path(path),
            flags=joined_flags(flags),
            sha256=sha256,
            canary=CANARY_PATH,
            lease_seconds=lease_seconds,
            limit_seconds=self._limits.checksum_seconds,
        )
        reply.one("launched")
        return reply.flag("canary")

    def settle(
        self, fence: Fence, *, path: str, owed: Owed = NOTHING_OWED
    ) -> Settlement:
        """Give everything back: services, Wi-Fi, the file; disarm the switch.

        May be repeated, by a newer visit, until `is_complete`. Refused as `flashing`
        while our flash is under way.
        """
        wait_seconds = self._limits.restore_wait_seconds
        reply = self._run(
            "settle",
            fence,
            path=safe_path(path),
            wait_seconds=wait_seconds,
            hung_seconds=self._limits.hung_flash_seconds,
            owed=owed,
            limit_seconds=self._limits.script_seconds + wait_seconds,
        )
        return answers.settlement(reply)

    def conclude(self, fence: Fence, *, marker_sha256: str = "") -> None:
        """After the reboot: write the marker (unless empty), remove the canary."""
        self._run("conclude", fence, marker_sha256=marker_sha256, canary=CANARY_PATH)

    def enroll(self, uuid: UUID) -> UUID:
        """Write a UUID of ours to the router; returns it as the router reads it back.

        UnexpectedError where the router did not keep it.
        """
        reply = self._run("enroll", uuid=str(uuid))
        if reply.one("enrolled_uuid") != str(uuid):
            raise reply.unexpected(f"the router did not keep the UUID {uuid}")
        return uuid

    def packages(self) -> tuple[str, ...] | None:
        """Return what was installed beside the ROM, sorted; None: nobody can tell."""
        reply = self._run("packages")
        known = reply.flag("known")
        return tuple(sorted(set(reply.many("package")))) if known else None

    def health(self, command: str, *, limit_seconds: int) -> HealthCheck:
        """Run one health check command of a person; it is ended at the limit."""
        reply = self._run(
            "health",
            command=command,
            limit_seconds=self._limits.script_seconds + limit_seconds,
            stop_after_seconds=limit_seconds,
        )
        return answers.health_check(reply)

    def _run(
        self,
        script: str,
        fence: Fence | None = None,
        *,
        owed: Owed | None = None,
        limit_seconds: float | None = None,
        **inputs: str | int,
    ) -> Reply:
        for carried in (fence, owed):
            inputs |= carried.inputs() if carried else {}
        text = render(script, **inputs)
        limit_seconds = limit_seconds or self._limits.script_seconds
        with span(f"router {script}"):
            answer = self._session.execute(text, limit_seconds=limit_seconds)
            return read(script, answer)
