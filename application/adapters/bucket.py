"""A bucket that speaks S3: Amazon's, or that of another store."""

import contextlib
from collections.abc import Iterator
from typing import IO, Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from application.adapters.image_file import StoreFullError
from application.errors import StorageError
from application.settings import SettingsError
from domain.errors import NotFoundError

_CHUNK_BYTES = 256 * 1024
_CONNECT_SECONDS = 5
_SILENCE_SECONDS = 30
_TRIES_MAX = 3
_CONNECTIONS_MAX = 16
_ABSENT = {"404", "NoSuchKey", "NotFound"}
_FULL = {"QuotaExceeded", "XMinioStorageFull", "InsufficientStorage"}


class Bucket:
    """The objects below `url`, `s3://bucket` or `s3://bucket/prefix`.

    `endpoint_url` is a store other than Amazon's; log-in, region and authorities come
    from the environment, as for every client of AWS. Raises SettingsError where that
    cannot be meant, and otherwise NotFoundError, StoreFullError and, where the bucket
    cannot be reached or refuses, StorageError.
    """

    def __init__(self, url: str, *, endpoint_url: str = "") -> None:
        self._name, self._prefix = _parsed(url)
        self.url = f"s3://{self._name}/{self._prefix}"
        self._client = _client(endpoint_url)

    def put(self, name: str, file: IO[bytes]) -> None:
        """Send a file. The signature covers it: what arrives changed is refused."""
        self._ask(
            "put_object",
            Key=self._prefix + name,
            Body=file,
            ContentType="application/octet-stream",
        )

    def pieces(self, name: str) -> Iterator[bytes]:
        """Read an object in bounded pieces."""
        body = self._ask("get_object", Key=self._prefix + name)["Body"]
        with contextlib.closing(body), self._told():
            yield from body.iter_chunks(_CHUNK_BYTES)

    def has(self, name: str) -> bool:
        try:
            self._ask("head_object", Key=self._prefix + name)
        except NotFoundError:
            return False
        return True

    def names(self) -> Iterator[str]:
        """Give the name of every object, in order."""
        after: dict[str, str] = {}
        while True:
            page = self._ask("list_objects_v2", Prefix=self._prefix, **after)
            for each in page.get("Contents", ()):
                yield str(each["Key"]).removeprefix(self._prefix)
            if not page.get("IsTruncated"):
                return
            after = {"ContinuationToken": page["NextContinuationToken"]}

    def delete(self, name: str) -> None:
        self._ask("delete_object", Key=self._prefix + name)

    def _ask(self, operation: str, **arguments: Any) -> Any:
        with self._told():
            return getattr(self._client, operation)(Bucket=self._name, **arguments)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Say in our words what the bucket complains of."""
        try:
            yield
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in _ABSENT:
                raise NotFoundError(f"{self.url} has no such object.") from None
            if code in _FULL:
                raise StoreFullError(f"There is no room in {self.url}.") from error
            raise StorageError(f"{self.url} refuses: {error}") from error
        except (BotoCoreError, OSError) as error:
            raise StorageError(f"{self.url} cannot be used: {error}") from error


def _parsed(url: str) -> tuple[str, str]:
    """Return bucket and prefix, which is blank or ends with a slash."""
    parts = urlsplit(url)
    is_plain = not (parts.query or parts.fragment or "@" in parts.netloc)
    if parts.scheme != "s3" or not parts.netloc or not is_plain:
        raise SettingsError("FLASHLOG_IMAGES_URL is not like s3://bucket/prefix")
    prefix = parts.path.strip("/")
    return parts.netloc, f"{prefix}/" if prefix else ""


def _client(endpoint_url: str) -> Any:
    try:
        return boto3.session.Session().client(
            "s3",
            endpoint_url=endpoint_url or None,
            config=Config(
                connect_timeout=_CONNECT_SECONDS,
                read_timeout=_SILENCE_SECONDS,
                max_pool_connections=_CONNECTIONS_MAX,
                retries={"mode": "standard", "total_max_attempts": _TRIES_MAX},
                # Not all stores know more than what every one of them has to.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                s3={
                    "payload_signing_enabled": True,
                    "addressing_style": "path" if endpoint_url else "auto",
                },
            ),
        )
    except (BotoCoreError, ValueError) as error:
        msg = f"FLASHLOG_IMAGES_ENDPOINT_URL cannot be used: {error}"
        raise SettingsError(msg) from error
