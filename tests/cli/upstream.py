"""An OpenWISP for tests: it answers in the shapes that OpenWISP's serializers have."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid5

from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

TOKEN = "0123456789abcdef0123456789abcdef01234567"
# What its links say: the name that the application has behind the proxy.
INNER = "http://openwisp-api.internal:8001"
NOT_SSH = "openwisp_controller.connection.connectors.openwrt.snmp.OpenWRTSnmp"
_SSH = "openwisp_controller.connection.connectors.ssh.Ssh"
_STRATEGY = "openwisp_controller.connection.connectors.openwrt.ssh.OpenWrt"
_WHEN = {
    "created": "2024-03-01T09:30:00.123456+01:00",
    "modified": "2024-03-02T09:30:00+01:00",
}
_LISTS = ("users/organization", *(f"controller/{name}" for name in (
    "group", "location", "credential", "device"
)))  # fmt: skip
Fault = Callable[[str], Response | None]
Thing = dict[str, Any]


def an_id(name: str) -> UUID:
    return uuid5(UUID(int=7), name)


class Upstream:
    """What it knows, newest first as it lists it; `faults` answer in its place."""

    def __init__(self) -> None:
        self.things: dict[str, list[Thing]] = {name: [] for name in _LISTS}
        self.connections: dict[str, list[Thing]] = {}
        self.places: dict[str, str] = {}
        self.resting: set[str] = set()
        self.faults: list[Fault] = []
        self.asked: Counter[str] = Counter()
        self.page_size_max = 3

    def organization(self, slug: str, **others: Any) -> str:
        said: Thing = {"name": slug.title(), "slug": slug, "is_active": True}
        said |= {"description": "", "email": "", "url": ""}
        return self._add("users/organization", slug, said | others)

    def group(self, name: str, organization: str) -> str:
        said: Thing = {"name": name, "organization": organization, "description": ""}
        said |= {"templates": [], "context": {"vlan": 7}, "meta_data": {}}
        return self._add("controller/group", name, said)

    def location(self, name: str, organization: str) -> str:
        said = {
            "organization": organization,
            "name": name,
            "type": "outdoor",
            "is_mobile": False,
            "address": "Piazza 1, Roma",
            "geometry": {"type": "Point", "coordinates": [12.51, 41.89]},
            "floorplan": [],
            "is_estimated": False,
        }
        return self._add("controller/location", name, said)

    def credential(
        self,
        name: str,
        organization: str | None,
        params: Mapping[str, Any],
        **others: Any,
    ) -> str:
        said: Thing = {"connector": _SSH, "name": name, "organization": organization}
        said |= {"auto_add": False, "params": params}
        return self._add("controller/credential", name, said | others)

    def device(self, name: str, organization: str, number: int, **others: Any) -> str:
        said = {
            "name": name,
            "organization": organization,
            "group": None,
            "mac_address": f"00:11:22:AA:BB:{number:02X}",
            "key": f"{number:032x}",
            "last_ip": f"192.0.2.{number}",
            "management_ip": f"10.8.0.{number}",
            "model": "TP-Link Archer C7 v5",
            "os": "OpenWrt 22.03.5 r20134-5f15225c1e",
            "system": "Qualcomm Atheros QCA956X ver 1 rev 0",
            "notes": "",
            "config": {
                "status": "applied",
                "error_reason": "",
                "backend": "netjsonconfig.OpenWrt",
                "templates": [],
                "context": {},
                "config": {},
            },
        }
        return self._add("controller/device", name, said | others)

    def connect(self, device: str, credential: str, *, enabled: bool = True) -> None:
        connection = {
            "id": str(an_id(device + credential)),
            "credentials": credential,
            "update_strategy": _STRATEGY,
            "enabled": enabled,
            "is_working": None,
            "failure_reason": "",
            "last_attempt": None,
        }
        self.connections.setdefault(device, []).insert(0, connection | _WHEN)

    def change(self, device: str, **said: Any) -> None:
        (found,) = (
            each for each in self.things["controller/device"] if each["id"] == device
        )
        found.update(said)

    def answer(self, request: Request) -> Response:
        path = request.path
        self.asked[path] += 1
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _json(401, {"detail": "Invalid token."})
        for fault in self.faults:
            if (found := fault(path)) is not None:
                return found
        words = path.removeprefix("/api/v1/").strip("/").split("/")
        name = "/".join(words[:2])
        if name not in self.things:
            return Response("<h1>Not Found</h1>", 404, mimetype="text/html")
        if len(words) == 2:
            return self._page(request, self.things[name])
        return self._of_device(request, words[2], "/".join(words[3:]))

    def _of_device(self, request: Request, device: str, what: str) -> Response:
        missing = {"detail": "No Device matches the given query."}
        found = [
            each for each in self.things["controller/device"] if each["id"] == device
        ]
        if not found:
            return _json(404, missing)
        if what == "connection":
            return self._page(request, self.connections.get(device, []))
        if what == "location":
            place = self.places.get(device)
            return _json(200, self._placed(place)) if place else _json(404, missing)
        rests = {"is_deactivated": device in self.resting, "whois_info": None}
        return _json(200, found[0] | rests)

    def _placed(self, location: str) -> dict[str, Any]:
        (found,) = (
            each
            for each in self.things["controller/location"]
            if each["id"] == location
        )
        told = {name: found[name] for name in ("type", "is_mobile", "name", "address")}
        feature = {"id": location, "type": "Feature", "geometry": found["geometry"]}
        return {
            "location": feature | {"properties": told},
            "floorplan": None,
            "indoor": None,
        }

    def _page(self, request: Request, rows: list[Thing]) -> Response:
        size = min(request.args.get("page_size", 10, int), self.page_size_max)
        page = request.args.get("page", 1, int)
        start = (page - 1) * size
        if page > 1 and start >= len(rows):
            return _json(404, {"detail": "Invalid page."})
        link = f"{INNER}{request.path}?page_size={size}&page={{}}"
        told = {
            "count": len(rows),
            "next": link.format(page + 1) if start + size < len(rows) else None,
            "previous": link.format(page - 1) if page > 1 else None,
            "results": rows[start : start + size],
        }
        return _json(200, told)

    def _add(self, kind: str, name: str, said: Mapping[str, Any]) -> str:
        thing_id = str(an_id(f"{kind} {name}"))
        self.things[kind].insert(0, {"id": thing_id, **said, **_WHEN})
        return thing_id


@contextmanager
def served(upstream: Upstream) -> Iterator[str]:
    """Serve it; gives out its URL."""
    server = make_server(
        "127.0.0.1", 0, Request.application(upstream.answer), threaded=True
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(timeout=60)
        server.server_close()


def refusal(status: int, detail: str, **headers: str) -> Response:
    """Answer as Django REST framework does when it refuses."""
    return _json(status, {"detail": detail}, headers)


def _json(status: int, told: Any, headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        json.dumps(told), status, headers=headers, mimetype="application/json"
    )
