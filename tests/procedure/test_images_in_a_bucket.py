"""A router is upgraded from a bucket, and waits where that cannot be reached."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from application.errors import StorageError
from domain.operation.words import Status
from tests.adapters.buckets import URL, bucket_server, clear
from tests.contract.routers import simulated_router
from tests.procedure.world import World

__all__ = ["bucket_server"]


def test_a_runner_fetches_what_it_uploads(
    bucket_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clear(bucket_server)
    settings = {
        "images_url": URL,
        "images_endpoint_url": bucket_server.meta.endpoint_url,
    }
    with simulated_router() as router:
        world = World(tmp_path, router, **settings)
        try:
            images = world.flashlog.images
            shutil.rmtree(images.directory)
            images.directory.mkdir()
            operation_id = world.start()
            with monkeypatch.context() as patched:
                patched.setattr(type(images), "_take", _unreachable)
                with pytest.raises(StorageError):
                    world.advance(operation_id)
            assert "Uploaded" not in world.names(operation_id)

            assert world.settle(operation_id).status is Status.SUCCESS
            (copy,) = images.directory.iterdir()
            assert copy.read_bytes() == world.image
        finally:
            world.close()


def _unreachable(*_: object) -> None:
    raise StorageError("s3://firmware/images/ cannot be used")
