"""The catalogue in tests: made through the interface, as its clients make it."""

from typing import Any
from uuid import UUID

from werkzeug.test import TestResponse

from application.commands.organizations import found_organization
from application.flashlog import Flashlog
from tests.routers.images import build_image
from tests.web.conftest import API
from tests.web.people import Caller

WDR4300 = "ath79-generic-tplink_tl-wdr4300-v1-squashfs-sysupgrade.bin"
IL = "ath79-generic-tplink_tl-wdr4300-v1-il-squashfs-sysupgrade.bin"
X86_64 = "x86-64-generic-squashfs-combined.img.gz"
IMAGE = build_image(board="tplink,tl-wdr4300-v1", size=8192)
_BOUNDARY = "flashlog-test-boundary"
MULTIPART = f"multipart/form-data; boundary={_BOUNDARY}"
UNKNOWN = "90000000-0000-4000-8000-000000000000"


def an_organization(flashlog: Flashlog, slug: str, *, is_active: bool = True) -> UUID:
    facts = {"name": slug, "slug": slug, "is_active": is_active}
    return found_organization(flashlog, facts)


def a_category(caller: Caller, **said: Any) -> str:
    body = {"name": "WiFi"} | said
    answer = caller.post(f"{API}/category/", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.get_json()["id"])


def a_build(caller: Caller, category: str, **said: Any) -> str:
    body = {"category": category, "version": "1.0"} | said
    answer = caller.post(f"{API}/build/", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.get_json()["id"])


def upload(
    caller: Caller,
    build: str,
    content: bytes = IMAGE,
    name: str = f"openwrt-{WDR4300}",
    **said: Any,
) -> TestResponse:
    return caller.post(
        f"{API}/build/{build}/image/",
        data=multipart(content, name, **said),
        content_type=MULTIPART,
    )


def multipart(content: bytes, name: str, **said: str) -> bytes:
    """Return a form with a file, as browsers write it."""
    parts = [(f'name="{key}"', value.encode()) for key, value in said.items()]
    quoted = name.replace('"', "%22")
    parts.append((f'name="file"; filename="{quoted}"', content))
    start = f"--{_BOUNDARY}\r\nContent-Disposition: form-data; "
    form = b"".join(
        f"{start}{words}\r\n\r\n".encode() + value + b"\r\n" for words, value in parts
    )
    return form + f"--{_BOUNDARY}--\r\n".encode()


def an_image(caller: Caller, build: str, **said: Any) -> str:
    answer = upload(caller, build, **said)
    assert answer.status_code == 201, answer.text
    return str(answer.get_json()["id"])


def ids(answer: TestResponse) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.get_json()["results"]]


def keys(answer: TestResponse, status: int = 400) -> set[str]:
    """Return which fields were refused."""
    assert answer.status_code == status, answer.text
    return set(answer.get_json())
