"""Who listens and what there is to listen to, in as many organizations as needed."""

from uuid import UUID, uuid4

import msgspec

from application.commands.users import token_of
from application.flashlog import Flashlog
from domain.batch.batch import Batch, BatchTargets
from domain.batch.events import Started as BatchStarted
from domain.batch.words import Plan, Target, operation_id_of
from domain.device.device import Device
from domain.group import ADMINISTRATOR, OPERATOR
from domain.operation import events
from domain.operation.operation import UpgradeOperation
from tests.web import examples
from tests.web.conftest import token_for
from tests.web.people import People

_OPERATORS = (OPERATOR.number,)


def token_of_operator(here: Flashlog, *organizations: UUID) -> str:
    return _token(here, *organizations, groups=_OPERATORS)


def token_of_administrator(here: Flashlog, *organizations: UUID) -> str:
    return _token(here, *organizations, groups=(ADMINISTRATOR.number,))


def tokens_of_those_refused(here: Flashlog, organization_id: UUID) -> dict[str, str]:
    """Everybody who may not listen to this organization, by what they lack."""
    elsewhere = examples.organization(here, f"elsewhere-{uuid4().hex[:8]}")
    return {
        "anonymous": "",
        "plain": token_for(here, f"plain-{uuid4()}", is_superuser=False),
        "not staff": _token(here, organization_id, is_staff=False, groups=_OPERATORS),
        "no permission": _token(here, organization_id),
        "member": _token(here, organization_id, is_admin=False, groups=_OPERATORS),
        "of another": token_of_administrator(here, elsewhere),
    }


def operation_of(here: Flashlog, organization_id: UUID) -> UUID:
    """Start an upgrade of a router of this organization; returns its id."""
    device_id = examples.device(here, organization_id=organization_id)
    return started(here, device_id, examples.image(here))


def give_away(here: Flashlog, device_id: UUID, organization_id: UUID) -> None:
    """Let a router belong to another organization."""
    device = here.log.get(Device, device_id)
    said = msgspec.structs.replace(device.description, organization_id=organization_id)
    device.change(said)
    here.show(here.log.append(device))


def started(
    here: Flashlog, device_id: UUID, image_id: UUID, *, batch_id: UUID | None = None
) -> UUID:
    operation_id = operation_id_of(batch_id, device_id) if batch_id else uuid4()
    operation = UpgradeOperation(operation_id)
    operation.record(
        events.Started(
            device_id=device_id,
            image_id=image_id,
            at=examples.NOON,
            batch_id=batch_id,
        )
    )
    here.show(here.log.append(operation))
    return operation_id


class Members:
    """A batch of some routers; its operations are made one by one."""

    def __init__(
        self, here: Flashlog, count: int, *, organization_id: UUID, shared: bool = False
    ) -> None:
        self._here = here
        self.category_id = examples.category(
            here, organization_id=None if shared else organization_id
        )
        self.image_id = examples.image(here, category_id=self.category_id)
        image = here.views.one("image", str(self.image_id))
        assert image is not None
        self.device_ids = [
            examples.device(here, organization_id=organization_id) for _ in range(count)
        ]
        self.id, targets_id = uuid4(), uuid4()
        plan = Plan(
            build_id=UUID(image["build_id"]),
            category_id=self.category_id,
            organization_id=None if shared else organization_id,
        )
        begun = BatchStarted(
            plan=plan, targets_id=targets_id, total=count, at=examples.NOON
        )
        targets = [Target(device_id, self.image_id) for device_id in self.device_ids]
        here.show(
            here.log.append(
                Batch.start(self.id, begun), BatchTargets.freeze(targets_id, targets)
            )
        )

    def fill(self, count: int) -> list[UUID]:
        """Make the operations of the next routers; returns their ids."""
        batch = self._here.log.get(Batch, self.id)
        devices = self.device_ids[batch.filled : batch.filled + count]
        ids = [
            started(self._here, device_id, self.image_id, batch_id=self.id)
            for device_id in devices
        ]
        batch.note_filled(count)
        self._here.show(self._here.log.append(batch))
        return ids

    def hold(self) -> None:
        batch = self._here.log.get(Batch, self.id)
        batch.hold("a look at the first ones")
        self._here.show(self._here.log.append(batch))


def _token(
    here: Flashlog,
    *organizations: UUID,
    is_admin: bool = True,
    is_staff: bool = True,
    groups: tuple[int, ...] = (),
) -> str:
    people = People(here, None)  # type: ignore[arg-type]
    user_id = people.user(
        *organizations, is_admin=is_admin, is_staff=is_staff, groups=groups
    )
    return token_of(here, user_id=user_id)
