"""A router that tells its password: no event has it, and the upgrade goes on."""

from pathlib import Path
from uuid import uuid4

import pytest

from application.ports import Completed, Login, Target
from application.procedure.check import check_device
from application.procedure.discretion import DiscreetSession
from application.simulation import sysupgrade
from domain.operation.words import Status
from tests.contract.routers import simulated_router
from tests.procedure.world import World

PASSWORD = "Tr0ub4dor and 3"


def everything(world: World) -> bytes:
    return b"\n".join(
        row.state for row in world.flashlog.storage.rows().read(after=0, limit=10_000)
    )


def test_a_router_that_has_its_password_in_its_model_is_upgraded(
    tmp_path: Path,
) -> None:
    model = f"Archer ({PASSWORD})"
    with simulated_router(password=PASSWORD, model=model) as router:
        world = World(tmp_path, router)
        try:
            report = check_device(world.flashlog, world.device_id)
            operation = world.upgrade()
            said = everything(world)
        finally:
            world.close()
    assert report.facts is not None
    assert report.facts.model == "Archer ([removed])"
    assert operation.status is Status.SUCCESS
    assert b"Archer ([removed])" in said
    assert PASSWORD.encode() not in said


def test_a_sysupgrade_that_complains_with_the_password_is_quoted_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        sysupgrade, "_about_image", lambda *_: [f"root:{PASSWORD} says no"]
    )
    with simulated_router(password=PASSWORD) as router:
        world = World(tmp_path, router)
        try:
            operation = world.upgrade()
            said = everything(world)
        finally:
            world.close()
    assert operation.status is Status.ABORTED
    assert "root:[removed] says no" in world.lines(operation.id)[-1]
    assert PASSWORD.encode() not in said


class Answering:
    """A session that says what it is asked to say."""

    def execute(self, command: str, **_: object) -> Completed:
        answer = command.encode("utf-8", "surrogateescape")
        return Completed(exit_status=0, stdout=answer, stderr=answer, seconds=0)


def told(password: str, answer: str) -> str:
    login = Login(credentials_id=uuid4(), username="root", password=password)
    target = Target(addresses=("192.0.2.1",), logins=(login,))
    session = DiscreetSession(Answering(), target)  # type: ignore[arg-type]
    completed = session.execute(answer, limit_seconds=1)
    assert completed.stderr == completed.stdout
    return completed.stdout.decode("utf-8", "surrogateescape")


@pytest.mark.parametrize(
    ("password", "answer", "kept"),
    [
        # A word may be a name by chance: what decides stays, what people read does not.
        ("archer", "board=tplink,archer-c7-v5", "board=tplink,archer-c7-v5"),
        ("archer", "output=log in: archer", "output=log in: [removed]"),
        ("a1b2c3d4", "board=a1b2c3d4", "board=[removed]"),
        ("02:ab:cd:ef:00:11", "mac=02:ab:cd:ef:00:11", "mac=02:ab:cd:ef:00:11"),
        ("1234", "uptime=1234.5", "uptime=1234.5"),
        ("12345678", "hint=12345678", "hint=[removed]"),
        ("secret-1", "Segfault: secret-1\nexit_status=1", None),
        ("abc", "output=abc or not\nexit_status=1", "output=[removed]\nexit_status=1"),
        ("it's 1 word", "verdict=it's 1 word", "verdict=[removed]"),
        ("secret-1", "\x1f\udc8bsecret-1", "\x1f\udc8bsecret-1"),
        ("secret-1", "output=\udcff secret-1", "output=\udcff [removed]"),
    ],
)
def test_what_people_read_is_cleaned_and_what_decides_is_not_mistaken(
    password: str, answer: str, kept: str | None
) -> None:
    kept = "Segfault: [removed]\nexit_status=1" if kept is None else kept
    assert told(password, answer) == kept
