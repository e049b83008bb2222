"""Images over the real server: big ones in, parts of them out, little memory."""

import http.client
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from application.flashlog import Flashlog
from application.settings import Settings
from tests.routers.images import build_image
from tests.web.conftest import API
from tests.web.firmware import WDR4300, multipart
from tests.web.serving import Service, children_of, serving

pytestmark = pytest.mark.process
LIMIT = 31457280
MIB = 1 << 20


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    directory = tmp_path / "data"
    return Settings(data_dir=directory, bind="127.0.0.1:0", log_level="WARNING")


@pytest.fixture
def service(settings: Settings, token: str) -> Iterator[Service]:
    with serving(settings) as running:
        yield running


class Client:
    """One connection that is kept open."""

    def __init__(self, service: Service, token: str) -> None:
        place = urlsplit(service.url)
        self._connection = http.client.HTTPConnection(
            "127.0.0.1", place.port or 80, timeout=60
        )
        self._headers = {"Authorization": f"Bearer {token}"}

    def __call__(
        self, method: str, path: str, body: bytes = b"", **headers: str
    ) -> tuple[int, bytes]:
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request(method, path, body, self._headers | said)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def post(self, path: str, sent: Any) -> str:
        status, text = self(
            "POST", path, json.dumps(sent).encode(), Content_Type="application/json"
        )
        assert status == 201, text
        return str(json.loads(text)["id"])

    def upload(self, build: str, content: bytes) -> tuple[int, Any]:
        form = multipart(content, f"openwrt-{WDR4300}")
        kind = "multipart/form-data; boundary=flashlog-test-boundary"
        status, text = self(
            "POST", f"{API}/build/{build}/image/", form, Content_Type=kind
        )
        return status, json.loads(text)

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def client(service: Service, token: str) -> Iterator[Client]:
    made = Client(service, token)
    yield made
    made.close()


@pytest.fixture
def build(client: Client) -> str:
    category = client.post(f"{API}/category/", {"name": "WiFi"})
    return client.post(f"{API}/build/", {"category": category, "version": "1.0"})


def peak_bytes(service: Service) -> int:
    """Return the most memory that the web server's worker ever had."""
    (worker,) = children_of(service.children()["web"])
    status = Path(f"/proc/{worker}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) * 1024


def test_the_biggest_image_goes_in_and_out_through_little_memory(
    service: Service, client: Client, build: str
) -> None:
    content = build_image(board="tplink,tl-wdr4300-v1", size=LIMIT)
    refused, _ = client.upload(build, content[:-1])
    before = peak_bytes(service)

    status, image = client.upload(build, content)
    path = urlsplit(image["file"]).path
    whole_status, whole = client("GET", path)
    part_status, part = client("GET", path, Range="bytes=1000-1999")

    assert (refused, status) == (400, 201)
    assert (whole_status, whole) == (200, content)
    assert (part_status, part) == (206, content[1000:2000])
    assert peak_bytes(service) - before < 8 * MIB


def test_what_is_too_big_is_answered_and_the_connection_goes_on(
    flashlog: Flashlog, client: Client, build: str
) -> None:
    for size in (LIMIT + 1, 2 * LIMIT):
        status, answer = client.upload(build, b"x" * size)
        assert (status, set(answer)) == (400, {"file"})
    missing = client.upload("90000000-0000-4000-8000-000000000000", b"x" * LIMIT)
    assert missing == (404, {"detail": "build not found"})
    assert client("GET", f"{API}/build/{build}/")[0] == 200
    assert list((flashlog.settings.data_dir / "images").iterdir()) == []


def test_an_upload_that_is_cut_leaves_nothing(
    flashlog: Flashlog, service: Service, token: str, build: str
) -> None:
    place = urlsplit(service.url)
    form = multipart(b"x" * LIMIT, f"openwrt-{WDR4300}")
    connection = http.client.HTTPConnection("127.0.0.1", place.port or 80, timeout=60)
    connection.putrequest("POST", f"{API}/build/{build}/image/")
    connection.putheader("Authorization", f"Bearer {token}")
    connection.putheader("Content-Length", str(len(form)))
    kind = "multipart/form-data; boundary=flashlog-test-boundary"
    connection.putheader("Content-Type", kind)
    connection.endheaders(form[: LIMIT // 2])
    connection.close()

    other = Client(service, token)
    assert other("GET", f"{API}/build/{build}/image/")[0] == 200
    other.close()
    assert flashlog.views.all("image") == []
    assert list((flashlog.settings.data_dir / "images").iterdir()) == []
