"""A store that speaks S3, over real HTTP, in the process that tests."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from application.adapters.bucket import Bucket
from application.adapters.image_bucket import ImageBucket

BUCKET = "firmware"
URL = f"s3://{BUCKET}/images"
LOGIN = {
    "AWS_ACCESS_KEY_ID": "flashlog",
    "AWS_SECRET_ACCESS_KEY": "not-a-secret",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@pytest.fixture(scope="module")
def bucket_server() -> Iterator[Any]:
    """Give a client of a server that has one empty bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        with pytest.MonkeyPatch.context() as patched:
            for name, value in LOGIN.items():
                patched.setenv(name, value)
            patched.delenv("AWS_PROFILE", raising=False)
            client = boto3.client("s3", endpoint_url=f"http://{host}:{port}")
            # Servers of one process share what they hold.
            with suppress(client.exceptions.BucketAlreadyOwnedByYou):
                client.create_bucket(
                    Bucket=BUCKET,
                    CreateBucketConfiguration={"LocationConstraint": "eu-central-1"},
                )
            yield client
    finally:
        server.stop()


def clear(server: Any) -> None:
    for each in server.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
        server.delete_object(Bucket=BUCKET, Key=each["Key"])


def in_bucket(
    server: Any,
    directory: Path,
    *,
    size_bytes_max: int | None = None,
    copies_bytes_max: int = 1 << 30,
) -> ImageBucket:
    return ImageBucket(
        Bucket(URL, endpoint_url=server.meta.endpoint_url),
        directory,
        copies_bytes_max=copies_bytes_max,
        size_bytes_max=size_bytes_max,
    )
