"""One version of a kind of firmware."""

from collections.abc import Mapping
from uuid import UUID

from domain.base import Aggregate, Event
from domain.errors import InvalidError

# It goes over in one command; SSH servers of routers take no more than 9000 bytes.
HEALTH_CHECK_BYTES_MAX = 4000
# A target's manifest names some 150 packages, one of everything some 10,000.
PACKAGES_MAX = 12_000
PACKAGE_WORD_LENGTH_MAX = 128


class BuildEvent(Event, frozen=True, kw_only=True):
    """A fact of a build."""


class BuildCreated(BuildEvent, frozen=True, kw_only=True):
    """`health_checks` are commands that must exit 0 on a router that runs it."""

    TOPIC = "Build:Created"

    category_id: UUID
    version: str
    os: str | None = None
    changelog: str = ""
    health_checks: tuple[str, ...] = ()
    by: UUID | None = None

    def apply(self, build: "Build") -> None:
        build.category_id = self.category_id
        build.software_version = self.version
        build.os = self.os
        build.changelog = self.changelog
        build.health_checks = self.health_checks


class BuildChanged(BuildEvent, frozen=True, kw_only=True):
    """Everything that may be changed, as it is from now on."""

    TOPIC = "Build:Changed"

    category_id: UUID
    version: str
    os: str | None
    changelog: str
    health_checks: tuple[str, ...]
    by: UUID | None = None

    def apply(self, build: "Build") -> None:
        build.category_id = self.category_id
        build.software_version = self.version
        build.os = self.os
        build.changelog = self.changelog
        build.health_checks = self.health_checks


class ManifestAttached(BuildEvent, frozen=True, kw_only=True):
    """The packages in the images of one target, each with its version.

    `target` is like `ath79/generic`. One that is attached again replaces the former.
    """

    TOPIC = "Build:ManifestAttached"

    target: str
    packages: dict[str, str]
    by: UUID | None = None

    def apply(self, build: "Build") -> None:
        build.manifests = {**build.manifests, self.target: self.packages}


class BuildDeleted(BuildEvent, frozen=True, kw_only=True):
    TOPIC = "Build:Deleted"

    by: UUID | None = None

    def apply(self, build: "Build") -> None:
        build.is_deleted = True


class Build(Aggregate):
    """One version of a category."""

    category_id: UUID
    software_version: str
    os: str | None
    changelog: str
    health_checks: tuple[str, ...]

    def __init__(self, aggregate_id: UUID) -> None:
        super().__init__(aggregate_id)
        self.manifests: Mapping[str, Mapping[str, str]] = {}

    @classmethod
    def create(cls, build_id: UUID, created: BuildCreated) -> "Build":
        """Refuse health checks that cannot be sent to a router, with InvalidError."""
        for command in created.health_checks:
            _require_one_line(command)
        build = cls(build_id)
        build.record(created)
        return build

    def change(self, changed: BuildChanged) -> None:
        """Refuse health checks that cannot be sent to a router, with InvalidError."""
        for command in changed.health_checks:
            _require_one_line(command)
        self.record(changed)

    def demand(self, health_checks: tuple[str, ...], *, by: UUID | None = None) -> None:
        """Put health checks in the place of those there are. Raises InvalidError."""
        changed = BuildChanged(
            category_id=self.category_id,
            version=self.software_version,
            os=self.os,
            changelog=self.changelog,
            health_checks=health_checks,
            by=by,
        )
        self.change(changed)

    def attach(self, manifest: ManifestAttached) -> None:
        """Keep a manifest, where it is news. InvalidError for a monstrous one."""
        words = (*manifest.packages, *manifest.packages.values())
        if len(manifest.packages) > PACKAGES_MAX or any(
            len(word) > PACKAGE_WORD_LENGTH_MAX for word in words
        ):
            raise InvalidError.of(
                "manifest",
                f"A manifest names at most {PACKAGES_MAX} packages, in words of at "
                f"most {PACKAGE_WORD_LENGTH_MAX} characters.",
            )
        if self.manifests.get(manifest.target) != manifest.packages:
            self.record(manifest)

    def delete(self, *, by: UUID | None = None) -> None:
        self.record(BuildDeleted(by=by))


def _require_one_line(command: str) -> None:
    is_one_line = command.strip() and not any(c in command for c in "\n\r\0")
    if not is_one_line or len(command.encode()) > HEALTH_CHECK_BYTES_MAX:
        raise InvalidError.of(
            "health_checks",
            f"A health check is one line of at most {HEALTH_CHECK_BYTES_MAX} bytes: "
            "put longer ones in a script on the router.",
        )


BuildEvent.AGGREGATE = Build
