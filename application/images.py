"""Where an installation keeps its images: chosen by its settings."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from application.adapters.image_file import StoredImage
from application.adapters.image_store import ImageStore, Stored
from application.settings import Settings, SettingsError
from domain.firmware import Firmware


class Images(Protocol):
    """The images of an installation, each under the sha256 of what it holds.

    What they raise: `application.adapters.image_store`; a store that is not on this
    machine may raise StorageError as well.
    """

    @property
    def directory(self) -> Path:
        """A directory of this machine that what is on its way in may be put into."""

    def files(self) -> dict[str, Path]:
        """Return the file of each image that a backup has to take along."""

    def add(
        self,
        chunks: Iterable[bytes],
        *,
        file_name: str = "",
        boards: tuple[str, ...] = (),
        check: Callable[[Firmware], object] = ...,
    ) -> Stored: ...

    def open(self, sha256: str) -> StoredImage: ...

    def __contains__(self, sha256: str) -> bool: ...

    def __iter__(self) -> Iterator[str]: ...

    def is_sound(self, sha256: str) -> bool: ...

    def delete(self, sha256: str) -> bool: ...


def images_of(settings: Settings) -> Images:
    """Return the images; the data directory must be there.

    Raises SettingsError where a bucket is asked for that cannot be meant, or its
    client is not installed.
    """
    size_bytes_max = settings.image_size_max_bytes or None
    if not settings.images_url:
        return ImageStore(settings.data_dir / "images", size_bytes_max=size_bytes_max)
    try:
        # Here, for whoever has a folder need not have it.
        from application.adapters.bucket import Bucket  # noqa: PLC0415
        from application.adapters.image_bucket import ImageBucket  # noqa: PLC0415
    except ImportError as error:
        msg = (
            f"FLASHLOG_IMAGES_URL is set, but the client of S3 is missing ({error}): "
            "install flashlog[s3]"
        )
        raise SettingsError(msg) from None
    return ImageBucket(
        Bucket(settings.images_url, endpoint_url=settings.images_endpoint_url),
        settings.data_dir / "image-copies",
        copies_bytes_max=settings.image_copies_max_bytes,
        size_bytes_max=size_bytes_max,
    )
