"""How long an operation is tried again before the flash."""

import time

from application.commands.reaching import change_addresses
from domain.operation.words import Status
from tests.procedure.conftest import MakeWorld


def test_an_operation_that_waited_long_for_its_first_attempt_is_tried_again(
    make_world: MakeWorld,
) -> None:
    world = make_world(
        operation_seconds=2.0, retry_backoff_seconds=2.5, retry_backoff_max_seconds=2.5
    )
    change_addresses(
        world.flashlog, device_id=world.device_id, addresses=("127.99.99.99",)
    )
    operation_id = world.start()
    time.sleep(2.2)
    world.advance(operation_id)
    assert world.names(operation_id)[-1] == "RetryScheduled", world.story(operation_id)
    # The pause may be half as long only: then there is time for one more.
    operation = world.settle(operation_id)
    assert operation.status is Status.FAILED
    assert 1 <= operation.retries <= 2
