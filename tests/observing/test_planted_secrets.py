"""Secrets are planted in everything that has one, and looked for everywhere else."""

import base64
import contextlib
import io
import os
import tarfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from application.adapters.vault import CONFIGURATION_BACKUP
from application.commands.devices import (
    NewCredentials,
    NewDevice,
    add_credentials,
    add_device,
)
from application.commands.images import NewImage, add_image
from application.commands.operations import start_upgrade
from application.commands.users import add_user, token_of
from application.flashlog import Flashlog
from application.settings import Settings
from application.simulation import Fleet, Setup, faults, looking
from domain.device.words import Jump
from tests.on_postgres import is_chosen as is_on_postgres
from tests.postgres import dumped
from tests.procedure.world import NEW_RELEASE, NEW_REVISION, QUICK
from tests.routers.images import build_image
from tests.web.serving import Service, children_of, eventually, serving
from web.cli.main import run

pytestmark = pytest.mark.process

SECRETS = {
    "password of a router": "planted-router-pw'7f31",
    "password that is wrong": "planted-wrong-pw 55c0",
    "password of a host on the way": "planted-jump-pw-81aa",
    "passphrase of a private key": "planted-passphrase-c9d2",
    "key of a Wi-Fi in a router's configuration": "planted-wpa-key-3e44",
    "password of a user": "planted-user-pw-0b6f",
    "secret in the webhook's path": "planted-hook-path-aa12",
    "secret of the webhook": "planted-hook-secret-94e1",
    "password of the mail server": "planted-smtp-pw-6d20",
    "token of the figures": "planted-metrics-token-2c8b",
}
# What may have them: keys are keys, and the vault is what must not be readable.
_KEYS = {"vault.key", "session.key", "audit.key"}
_NOBODY = 9  # the port that discards; nothing listens there
API = "/api/v1"
PAGES = ("/", "/devices/", "/operations/", "/history/", "/firmware/", "/mass-upgrades/")


class Found(dict[str, str]):
    """What of it was found, and where."""

    def __init__(self, secrets: dict[str, str]) -> None:
        super().__init__()
        self._forms = {
            name: {
                secret.encode(),
                quote(secret).encode(),
                secret.encode().hex().encode(),
                base64.b64encode(secret.encode()).rstrip(b"="),
            }
            for name, secret in secrets.items()
        }

    def look(self, where: str, content: bytes) -> None:
        for name, forms in self._forms.items():
            if any(form in content for form in forms):
                self[f"{name} in {where}"] = where


@pytest.fixture
def fleet(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    monkeypatch.setattr(looking, "backup", lambda _: _configuration())
    password = SECRETS["password of a router"]
    with Fleet([Setup(password=password), Setup(password=password)]) as made:
        made.routers[1].inject(faults.CorruptImage())
        yield made


def _configuration() -> bytes:
    text = SECRETS["key of a Wi-Fi in a router's configuration"].encode()
    packed = io.BytesIO()
    # Not made smaller: so it would be found wherever it lay open.
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=0) as archive:
        entry = tarfile.TarInfo("etc/config/wireless")
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))
    return packed.getvalue()


def test_no_secret_is_anywhere_but_in_the_vault(
    tmp_path: Path, fleet: Fleet, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = _settings(tmp_path)
    private_key, secrets = _private_key(), dict(SECRETS)
    secrets["line of a private key"] = private_key.splitlines()[2]
    house = Flashlog(settings)
    user = SECRETS["password of a user"]
    user_id = add_user(house, username="ada", password=user, is_superuser=True)
    token = secrets["token of a user"] = token_of(house, user_id=user_id)
    operations = _begin(house, fleet, private_key)
    house.close()
    found = Found(secrets)
    with serving(settings) as service:
        _await_all(settings, operations)
        _look_at_processes(found, service)
        _look_at_answers(found, service, token, operations)
        _look_at_pages(found, service, operations)
        noticed = tmp_path / "noticed"
        eventually(noticed.exists)
    found.look("the process that is told of notices", noticed.read_bytes())
    _require_stories(settings, operations)
    _look_at_files(found, settings, tmp_path)
    said = capfd.readouterr()
    assert "action=request" in said.err
    assert "action=notice" in said.err, "also of channels that did not work"
    found.look("the lines of the log", (said.out + said.err).encode())
    assert found == {}


def test_what_is_looked_for_is_found_in_each_of_its_forms() -> None:
    secret = "planted 'x'"
    for form in (secret, quote(secret), base64.b64encode(secret.encode()).decode()):
        found = Found({"it": secret})
        found.look("there", f"before{form}after".encode())
        assert found == {"it in there": "there"}


def _settings(tmp_path: Path) -> Settings:
    told = tmp_path / "tell.sh"
    told.write_text(
        "#!/bin/sh\n"
        f"cd {tmp_path}\n"
        "cat /proc/$$/environ /proc/$$/cmdline - > noticing && mv noticing noticed\n"
    )
    told.chmod(0o700)
    path = SECRETS["secret in the webhook's path"]
    mail = SECRETS["password of the mail server"]
    return Settings(
        data_dir=tmp_path / "data",
        bind="127.0.0.1:0",
        log_level="DEBUG",
        retries_max=0,
        notice_webhook_url=f"http://127.0.0.1:{_NOBODY}/{path}?x={path}",
        notice_webhook_secret=SECRETS["secret of the webhook"],
        notice_mail_url=f"smtp://ada:{mail}@127.0.0.1:{_NOBODY}",
        notice_mail_to="ada@example.org",
        notice_command=str(told),
        metrics_token=SECRETS["token of the figures"],
        **QUICK,  # type: ignore[arg-type]
    )


def _private_key() -> str:
    passphrase = SECRETS["passphrase of a private key"].encode()
    return (
        Ed25519PrivateKey.generate()
        .private_bytes(
            Encoding.PEM, PrivateFormat.OpenSSH, BestAvailableEncryption(passphrase)
        )
        .decode()
    )


def _begin(house: Flashlog, fleet: Fleet, private_key: str) -> dict[str, UUID]:
    """Start an upgrade of each kind: two that log in, one of which fails; three that
    do not."""
    well, corrupt = fleet.routers
    image = build_image(well.facts().board, NEW_RELEASE, NEW_REVISION, size=1 << 18)
    image_id = add_image(house, NewImage(file_name="new-sysupgrade.bin"), [image])
    right = NewCredentials(password=well.password, port=well.port)
    wrong = NewCredentials(
        password=SECRETS["password that is wrong"], port=well.port, name="wrong"
    )
    with_key = NewCredentials(
        private_key=private_key,
        passphrase=SECRETS["passphrase of a private key"],
        port=well.port,
        name="key",
    )
    jump = NewCredentials(
        password=SECRETS["password of a host on the way"], port=_NOBODY, name="jump"
    )
    jump_id = add_credentials(house, jump)
    of_corrupt = NewCredentials(password=well.password, port=corrupt.port, name="other")
    devices = {
        "success": (well, right, ()),
        "refused": (corrupt, of_corrupt, ()),
        "wrong": (None, wrong, ()),
        "key": (None, with_key, ()),
        "jump": (None, right, (Jump(address="127.0.0.1", credentials_id=jump_id),)),
    }
    started = {}
    for number, (name, (router, login, jumps)) in enumerate(devices.items()):
        mac = router.facts().macs[0] if router else f"02:00:00:00:00:0{number}"
        device_id = add_device(
            house,
            NewDevice(
                name=name,
                mac_address=mac,
                addresses=(well.host,),
                credentials_ids=(add_credentials(house, login),),
                jumps=jumps,
                agent_uuid=UUID(router.facts().uuid) if router else None,
            ),
        )
        started[name] = start_upgrade(house, device_id=device_id, image_id=image_id)
    return started


def _await_all(settings: Settings, operations: dict[str, UUID]) -> None:
    with contextlib.closing(Flashlog(settings)) as house:

        def all_have_ended() -> bool:
            rows = house.views.all("operation")
            ended = [row for row in rows if row["status"] != "in-progress"]
            return len(ended) == len(operations)

        eventually(all_have_ended, seconds=90)


def _require_stories(settings: Settings, operations: dict[str, UUID]) -> None:
    """Require that the secrets were really there, and really used."""
    with contextlib.closing(Flashlog(settings)) as house:
        rows = {row["id"]: row for row in house.views.all("operation")}
        outcomes = {
            name: rows[str(each)]["status"] for name, each in operations.items()
        }
        assert outcomes == {
            "success": "success",
            "refused": "aborted",
            "wrong": "failed",
            "key": "failed",
            "jump": "failed",
        }
        backup_id = UUID(rows[str(operations["success"])]["backup_id"])
        kept = house.vault.get_bytes(backup_id, kind=CONFIGURATION_BACKUP)
        assert SECRETS["key of a Wi-Fi in a router's configuration"].encode() in kept
        sealed = [
            house.vault.get(UUID(row["secret_id"]))
            for row in house.views.all("credentials")
        ]
        assert SECRETS["password that is wrong"] in str(sealed)
        assert SECRETS["passphrase of a private key"] in str(sealed)


def _look_at_processes(found: Found, service: Service) -> None:
    processes = [service.process.pid]
    for process_id in processes:
        with contextlib.suppress(FileNotFoundError):
            processes += children_of(process_id)
            command = Path(f"/proc/{process_id}/cmdline").read_bytes()
            found.look("a list of processes", command)
    assert len(processes) > 3


def _look_at_answers(
    found: Found, service: Service, token: str, operations: dict[str, UUID]
) -> None:
    lists = (
        "controller/device/",
        "controller/credential/",
        "controller/group/",
        "firmware-upgrader/upgrade-operation/",
        "firmware-upgrader/event/?limit=1000",
        "users/user/",
    )
    details = [f"firmware-upgrader/upgrade-operation/{i}/" for i in operations.values()]
    for path in (*lists, *details):
        status, told = service.get(f"{API}/{path}", token)
        assert status == 200, path
        found.look(path, str(told).encode())
    devices = service.get(f"{API}/controller/device/", token)[1]["results"]
    for each in devices:
        path = f"{API}/controller/device/{each['id']}/connection/"
        found.look(path, str(service.get(path, token)[1]).encode())
    figures = {"Authorization": f"Bearer {SECRETS['token of the figures']}"}
    request = urllib.request.Request(f"{service.url}/metrics", headers=figures)
    with urllib.request.urlopen(request, timeout=60) as answer:
        told = answer.read()
    assert b"flashlog_operations_ended_total" in told
    found.look("the figures", told)


def _look_at_pages(found: Found, service: Service, operations: dict[str, UUID]) -> None:
    cookies = service.log_in("ada", SECRETS["password of a user"])
    details = [f"/operations/{each}/" for each in operations.values()]
    for path in (*PAGES, *details):
        request = urllib.request.Request(
            service.url + path, headers={"Cookie": cookies}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            page = answer.read()
        assert b'name="password"' not in page, path
        found.look(f"the page {path}", page)


def _look_at_files(found: Found, settings: Settings, tmp_path: Path) -> None:
    os.environ["FLASHLOG_DATA_DIR"] = str(settings.data_dir)
    try:
        assert run(["audit", "export", "--output", str(tmp_path / "export")]) == 0
        if is_on_postgres:
            found.look("the database", dumped(settings.database_url))
        else:
            assert run(["backup", str(tmp_path / "backup")]) == 0
            with tarfile.open(tmp_path / "backup") as archive:
                archive.extractall(tmp_path / "unpacked", filter="data")
    finally:
        del os.environ["FLASHLOG_DATA_DIR"]
    looked_at = 0
    for directory in ("data", "export", "unpacked"):
        for path in (tmp_path / directory).rglob("*"):
            if path.is_file() and path.name not in _KEYS:
                found.look(str(path), path.read_bytes())
                looked_at += 1
    assert looked_at > (5 if is_on_postgres else 15)
    with contextlib.closing(Flashlog(settings)) as house:
        recordings = [house.recordings.get(each.sha256) for each in house.recordings]
    assert len(recordings) >= 2
    for content in recordings:
        found.look("a recording", content)
