"""Every act needs the same permissions in the console as over the interface."""

from http import HTTPStatus
from uuid import uuid4

import pytest

from application.commands.builds import create_build
from application.flashlog import Flashlog
from domain.group import ADMINISTRATOR
from domain.organization import DEFAULT_ORGANIZATION_ID
from domain.user import Rights, User
from tests.console.pages import Browser
from tests.tenancy.tenant import CONTROLLER, FIRMWARE
from tests.web import examples
from tests.web.people import Caller, People
from web.app import create_app

_DEVICE = f"{CONTROLLER}/device"
_OPERATION = f"{FIRMWARE}/upgrade-operation"
_BATCH = f"{FIRMWARE}/batch-upgrade-operation"
# What is asked for in the console, and over the interface. `x` is an id of nothing, so
# nothing happens: whether the asker is refused is known before that is found out.
_ACTS = (
    ("GET /devices/", f"GET {_DEVICE}/"),
    ("GET /devices/x/", f"GET {_DEVICE}/x/"),
    ("POST /devices/add/", f"POST {_DEVICE}/"),
    ("POST /devices/x/edit/", f"PATCH {_DEVICE}/x/"),
    ("POST /devices/x/activate/", f"POST {_DEVICE}/x/activate/"),
    ("POST /devices/x/deactivate/", f"POST {_DEVICE}/x/deactivate/"),
    ("POST /devices/x/connect/", f"POST {_DEVICE}/x/connection/"),
    ("POST /devices/x/disconnect/x/", f"DELETE {_DEVICE}/x/connection/x/"),
    ("POST /devices/x/upgrade/", f"PUT {FIRMWARE}/device/x/firmware/"),
    ("GET /operations/", f"GET {_OPERATION}/"),
    ("GET /operations/x/", f"GET {_OPERATION}/x/"),
    ("POST /operations/x/cancel/", f"POST {_OPERATION}/x/cancel/"),
    ("POST /operations/x/retry/", f"POST {_OPERATION}/x/retry/"),
    ("POST /operations/x/resume/", f"POST {_OPERATION}/x/resume/"),
    ("GET /mass-upgrades/", f"GET {_BATCH}/"),
    ("GET /mass-upgrades/x/", f"GET {_BATCH}/x/"),
    ("POST /mass-upgrades/x/hold/", f"POST {_BATCH}/x/hold/"),
    ("POST /mass-upgrades/x/resume/", f"POST {_BATCH}/x/resume/"),
    ("POST /mass-upgrades/x/cancel/", f"POST {_BATCH}/x/cancel/"),
    ("GET /mass-upgrades/check/?build=b", f"GET {FIRMWARE}/build/b/upgrade/"),
    ("POST /mass-upgrades/check/?build=b", f"POST {FIRMWARE}/build/b/upgrade/"),
    ("POST /firmware/categories/add/", f"POST {FIRMWARE}/category/"),
    ("POST /firmware/categories/x/edit/", f"PATCH {FIRMWARE}/category/x/"),
    ("POST /firmware/categories/x/delete/", f"DELETE {FIRMWARE}/category/x/"),
    ("GET /firmware/builds/x/", f"GET {FIRMWARE}/build/x/"),
    ("POST /firmware/categories/x/builds/add/", f"POST {FIRMWARE}/build/"),
    ("POST /firmware/builds/x/edit/", f"PATCH {FIRMWARE}/build/x/"),
    ("POST /firmware/builds/x/delete/", f"DELETE {FIRMWARE}/build/x/"),
    ("GET /firmware/images/x/", f"GET {FIRMWARE}/build/x/image/x/"),
    ("POST /firmware/builds/x/images/", f"POST {FIRMWARE}/build/x/image/"),
    ("POST /firmware/images/x/delete/", f"DELETE {FIRMWARE}/build/x/image/x/"),
)
# What these acts are about.
_MODELS = (
    "_device",
    "_deviceconnection",
    "_devicefirmware",
    "_upgradeoperation",
    "_batchupgradeoperation",
    "_category",
    "_build",
    "_firmwareimage",
)


class _Manager:
    """Somebody who manages an organization, with a console and a token."""

    def __init__(self, flashlog: Flashlog) -> None:
        app = create_app(flashlog)
        people = People(flashlog, app.test_client())
        self._flashlog = flashlog
        self.user_id = people.user(DEFAULT_ORGANIZATION_ID, is_admin=True)
        self._caller: Caller = people.caller(self.user_id)
        self._browser = Browser(flashlog, self.user_id, app)
        category_id = examples.category(flashlog)
        build_id = create_build(flashlog, category_id=category_id, version="1.0")
        self._ids = {"x": str(uuid4()), "b": str(build_id)}

    def let_do(self, permissions: frozenset[str]) -> None:
        user = self._flashlog.log.get(User, self.user_id)
        user.change(Rights(is_staff=True, permissions=tuple(sorted(permissions))))
        self._flashlog.show(self._flashlog.log.append(user))

    def is_refused_in_console(self, act: str) -> bool:
        method, path = self._of(act)
        headers = {"X-CSRFToken": "shown-by-forms"}
        answer = self._browser.client.open(path, method=method, headers=headers)
        return answer.status_code == HTTPStatus.FORBIDDEN

    def is_refused_over_interface(self, act: str) -> bool:
        method, path = self._of(act)
        answer = self._caller(method, path, json=None if method == "GET" else {})
        return answer.status_code == HTTPStatus.FORBIDDEN

    def _of(self, act: str) -> tuple[str, str]:
        method, path = act.split(" ")
        for name, thing_id in self._ids.items():
            path = path.replace(f"/{name}/", f"/{thing_id}/")
            path = path.replace(f"={name}", f"={thing_id}")
        return method, path


@pytest.mark.usefixtures("people")
def test_who_lacks_a_permission_is_refused_the_same(flashlog: Flashlog) -> None:
    manager = _Manager(flashlog)
    every = ADMINISTRATOR.permissions
    wrong = []
    for lacking in ("", *sorted(each for each in every if each.endswith(_MODELS))):
        manager.let_do(every - {lacking})
        for in_console, over_interface in _ACTS:
            is_refused = manager.is_refused_in_console(in_console)
            if is_refused != manager.is_refused_over_interface(over_interface):
                wrong.append((lacking, in_console, is_refused))
    assert wrong == []
