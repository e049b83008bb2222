"""People over the real server: what one process says, another knows at once."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from application.flashlog import Flashlog
from application.settings import Settings
from tests.web.conftest import token_for
from tests.web.serving import Service, serving

pytestmark = pytest.mark.process

USERS = "/api/v1/users"
OPERATIONS = "/api/v1/firmware-upgrader/upgrade-operation/"
PASSWORD = "open sesame"


class Client:
    """Somebody who asks the service over HTTP."""

    def __init__(self, service: Service, token: str = "") -> None:
        self._url = service.url
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def __call__(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        request = urllib.request.Request(
            self._url + path,
            method=method,
            headers=self._headers,
            data=None if body is None else json.dumps(body).encode(),
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                content = answer.read()
                return answer.status, json.loads(content) if content else None
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        data_dir=tmp_path_factory.mktemp("served") / "data",
        bind="127.0.0.1:0",
        token_rate_limit="off",
        log_level="WARNING",
    )


@pytest.fixture(scope="module")
def service(settings: Settings) -> Iterator[Service]:
    with serving(settings) as service:
        yield service


@pytest.fixture(scope="module")
def superuser(service: Service, settings: Settings) -> Client:
    here = Flashlog(settings)
    token = token_for(here, "admin", is_superuser=True)
    here.close()
    return Client(service, token)


def organization(superuser: Client, slug: str) -> str:
    made = superuser("POST", f"{USERS}/organization/", {"name": slug, "slug": slug})
    assert made[0] == 201, made
    return str(made[1]["id"])


def user(superuser: Client, name: str, org: str, **said: Any) -> dict[str, Any]:
    new = {
        "username": name,
        "email": f"{name}@example.org",
        "password": PASSWORD,
        "organization_users": {"organization": org, "is_admin": True},
    }
    status, shown = superuser("POST", f"{USERS}/user/", new | said)
    assert status == 201, shown
    found: dict[str, Any] = shown
    return found


def logged_in(service: Service, name: str, password: str = PASSWORD) -> Client:
    sent = {"username": name, "password": password}
    status, answer = Client(service)("POST", f"{USERS}/token/", sent)
    assert status == 200, answer
    return Client(service, answer["token"])


def test_a_tenant_lives_its_life(service: Service, superuser: Client) -> None:
    own, other = organization(superuser, "own"), organization(superuser, "other")
    maria = user(superuser, "maria", own, groups=[2])
    foreign = user(superuser, "paul", other, groups=[1])
    administrator = logged_in(service, "maria")

    assert [
        each["id"] for each in administrator("GET", f"{USERS}/user/")[1]["results"]
    ] == [maria["id"]]
    assert administrator("GET", f"{USERS}/user/{foreign['id']}/")[0] == 404
    assert administrator("GET", f"{USERS}/organization/{other}/")[0] == 404
    assert logged_in(service, "paul")("GET", f"{USERS}/user/")[0] == 403
    assert Client(service)("GET", f"{USERS}/user/")[0] == 401
    assert administrator("GET", OPERATIONS)[0] == 200

    path = f"{USERS}/organization/{own}/"
    assert superuser("PATCH", path, {"is_active": False})[0] == 200
    assert administrator("GET", OPERATIONS)[0] == 403
    assert superuser("PATCH", path, {"is_active": True})[0] == 200
    assert administrator("GET", OPERATIONS)[0] == 200


def test_whoever_is_deactivated_is_out_at_once(
    service: Service, superuser: Client
) -> None:
    rosa = user(superuser, "rosa", organization(superuser, "rosas"), groups=[2])
    client = logged_in(service, "rosa")
    path = f"{USERS}/user/{rosa['id']}/"
    for _ in range(5):
        assert client("GET", OPERATIONS)[0] == 200
        assert superuser("PATCH", path, {"is_active": False})[0] == 200
        assert client("GET", OPERATIONS)[0] == 401
        assert superuser("PATCH", path, {"is_active": True})[0] == 200


def test_another_password_counts_at_once_and_the_token_stays(
    service: Service, superuser: Client
) -> None:
    shown = user(superuser, "vera", organization(superuser, "veras"), groups=[2])
    client = logged_in(service, "vera")
    sent = {
        "current_password": None,
        "new_password": "another",
        "confirm_password": "another",
    }
    answer = superuser("PUT", f"{USERS}/user/{shown['id']}/password/", sent)

    assert answer[0] == 200
    assert client("GET", OPERATIONS)[0] == 200
    old = {"username": "vera", "password": PASSWORD}
    assert Client(service)("POST", f"{USERS}/token/", old)[0] == 400
    logged_in(service, "vera", "another")


def test_of_many_who_take_a_name_at_once_one_gets_it(superuser: Client) -> None:
    together = Barrier(6)

    def take(number: int) -> tuple[int, set[str]]:
        new = {"username": "same", "email": f"{number}@example.org", "password": "x"}
        together.wait(60)
        status, answer = superuser("POST", f"{USERS}/user/", new)
        return status, set(answer) if status == 400 else set()

    with ThreadPoolExecutor(6) as pool:
        answers = sorted(pool.map(take, range(6)))
    assert answers == [(201, set())] + [(400, {"username"})] * 5


def test_an_erased_person_is_in_no_file(
    service: Service, superuser: Client, settings: Settings
) -> None:
    shown = user(superuser, "unforgettable", organization(superuser, "forgetful"))
    client = logged_in(service, "unforgettable")
    assert superuser("DELETE", f"{USERS}/user/{shown['id']}/")[0] == 204

    assert client("GET", OPERATIONS)[0] == 401
    for file in Path(settings.data_dir).rglob("*"):
        if file.is_file():
            assert b"unforgettable" not in file.read_bytes(), file.name
