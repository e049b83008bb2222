"""Images in a bucket, over the interface."""

import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest

from application.flashlog import Flashlog
from application.settings import Settings
from tests.adapters.buckets import URL, bucket_server, clear
from tests.routers.images import build_image
from tests.web.conftest import API
from tests.web.firmware import a_build, a_category, upload
from tests.web.people import Caller

__all__ = ["bucket_server"]

MIB = 1 << 20
IMAGE = build_image(board="tplink,tl-wdr4300-v1", size=25 * MIB)
SHA256 = hashlib.sha256(IMAGE).hexdigest()


@pytest.fixture
def settings(tmp_path: Path, bucket_server: Any) -> Settings:
    clear(bucket_server)
    return Settings(
        data_dir=tmp_path,
        request_rate_limit="off",
        token_rate_limit="off",
        images_url=URL,
        images_endpoint_url=bucket_server.meta.endpoint_url,
    )


def forget_copies(flashlog: Flashlog) -> None:
    shutil.rmtree(flashlog.images.directory)
    flashlog.images.directory.mkdir()


def test_an_image_goes_up_and_comes_down(flashlog: Flashlog, admin: Caller) -> None:
    build = a_build(admin, a_category(admin))
    added = upload(admin, build, IMAGE)
    assert added.status_code == 201
    assert list(flashlog.images) == [SHA256]
    assert not (flashlog.settings.data_dir / "images").exists()

    forget_copies(flashlog)
    image = f"{API}/build/{build}/image/{added.get_json()['id']}/"
    with admin.get(f"{image}download/", headers={"Range": "bytes=7-12"}) as part:
        assert part.status_code == 206
        assert part.headers["Content-Range"] == f"bytes 7-12/{len(IMAGE)}"
        assert part.get_data() == IMAGE[7:13]
    with admin.get(f"{image}download/") as whole:
        assert whole.status_code == 200
        assert whole.content_length == len(IMAGE)
        assert hashlib.sha256(whole.get_data()).hexdigest() == SHA256

    assert admin.delete(image).status_code == 204
    assert list(flashlog.images) == []
