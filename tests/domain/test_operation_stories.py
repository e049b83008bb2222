"""No sequence of commands breaks the promises of an upgrade.

A small reference model says what may happen; the aggregate must agree with it about
every command, and its story must always tell the same state again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from application.adapters.mapper import TypedMapper
from domain.base import Event, rebuild
from domain.errors import RefusedError
from domain.operation import events
from domain.operation.operation import UpgradeOperation
from domain.operation.words import SettledBy
from tests.domain import examples

# Stories that end at once tell little.
RARELY = st.sampled_from([False, False, True])
ALL_OWED = {"services", "wifi", "file", "switch"}


@dataclass
class Model:
    """What matters of an upgrade, in the fewest words."""

    status: str = "in-progress"
    flashes: int = 0
    attempt_is_open: bool = False
    is_identified: bool = False
    is_installed: bool = False
    is_uploaded: bool = False
    is_accepted: bool = False
    is_verified: bool = False
    is_held: bool = False
    owed: set[str] = field(default_factory=set)

    @property
    def is_running(self) -> bool:
        return self.status == "in-progress" and not self.is_held

    @property
    def is_before_flash(self) -> bool:
        return self.is_running and not self.flashes

    @property
    def is_settled(self) -> bool:
        return self.status != "in-progress" and not self.owed

    def end(self, status: str) -> None:
        self.status = status
        self.rest()

    def settle(self, *obligations: str) -> None:
        self.owed -= set(obligations)
        self.rest()

    def rest(self) -> None:
        if self.is_settled:
            self.is_held = False


class UpgradeStories(RuleBasedStateMachine):
    """Commands in any order, each allowed or refused as the model says."""

    def __init__(self) -> None:
        super().__init__()
        self.mapper = TypedMapper()
        self.model = Model()
        self.told: list[Event] = []
        self.progress = 0
        self.attempt = 0

    @initialize(steps=st.integers(0, 4))
    def start(self, steps: int) -> None:
        """Begin anywhere on the usual way, so that much is tried beyond each step."""
        self.operation = examples.queued(options={"c": True})
        for step in (
            self.begin_visit,
            self.come_to_the_flash,
            self.begin_flash,
            self.verify_outcome,
        )[:steps]:
            step()

    def ask(self, command: Callable[[], None], *, allowed: bool) -> bool:
        """Give a command; a refusal must leave everything as it was."""
        before = examples.state_of(self.operation)
        if allowed:
            command()
            return True
        with pytest.raises(RefusedError):
            command()
        assert examples.state_of(self.operation) == before
        return False

    def note(self, *facts: events.OperationEvent) -> bool:
        return self.ask(
            lambda: self.operation.note(*facts), allowed=self.model.is_before_flash
        )

    def observe(self, *facts: events.OperationEvent) -> bool:
        return self.ask(
            lambda: self.operation.observe(*facts),
            allowed=self.model.is_running and self.model.flashes > 0,
        )

    # --- commands ---------------------------------------------------------------

    @rule()
    def begin_visit(self) -> None:
        model = self.model
        if self.ask(
            lambda: self.operation.begin_visit("runner"),
            allowed=not model.is_held and not model.is_settled,
        ) and (model.is_before_flash):
            model.attempt_is_open = True
            model.is_accepted = model.is_installed = False

    @rule(is_installed=st.booleans())
    def check_router(self, is_installed: bool) -> None:  # noqa: FBT001
        facts = (
            examples.connected(),
            examples.identity_verified(),
            examples.image_compared(installed=is_installed),
        )
        if self.note(*facts):
            self.model.is_identified = True
            self.model.is_installed = is_installed

    @rule()
    def arm_switch(self) -> None:
        if self.note(examples.memory_measured(), examples.switch_armed()):
            self.model.owed.add("switch")

    @rule(has_services=st.booleans(), wifi=st.booleans())
    def stop_services(self, has_services: bool, wifi: bool) -> None:  # noqa: FBT001
        services = examples.SERVICES if has_services else ()
        if self.note(examples.services_stop_begun(services, wifi=wifi)):
            self.model.owed |= {"services"} if has_services else set()
            self.model.owed |= {"wifi"} if wifi else set()

    @rule(share=st.floats(0, 1.5))
    def begin_upload(self, share: float) -> None:
        sent_bytes = int(share * examples.IMAGE_BYTES)
        if self.note(examples.upload_begun(), examples.upload_advanced(sent_bytes)):
            self.model.owed.add("file")
            self.model.is_uploaded = False
            assert 20 <= self.operation.progress <= 60

    @rule()
    def finish_upload(self) -> None:
        if self.note(examples.upload_begun(), examples.uploaded()):
            self.model.owed.add("file")
            self.model.is_uploaded = True

    @rule()
    def accept_image(self) -> None:
        if self.note(examples.image_accepted()):
            self.model.is_accepted = True

    @rule()
    def come_to_the_flash(self) -> None:
        self.check_router(is_installed=False)
        self.arm_switch()
        self.finish_upload()
        self.accept_image()

    @rule()
    def schedule_retry(self) -> None:
        if self.ask(
            lambda: self.operation.schedule_retry(
                cause="link lost", not_before=examples.later(60)
            ),
            allowed=self.model.is_before_flash,
        ):
            self.model.attempt_is_open = False

    @rule()
    def begin_flash(self) -> None:
        model = self.model
        allowed = (
            model.is_before_flash
            and model.attempt_is_open
            and model.is_identified
            and model.is_uploaded
            and model.is_accepted
        )
        if self.ask(lambda: examples.begin_flash(self.operation), allowed=allowed):
            model.flashes += 1

    @rule(is_meant=RARELY)
    def cancel(self, is_meant: bool) -> None:  # noqa: FBT001
        model = self.model
        if is_meant and self.ask(
            lambda: self.operation.cancel(at=examples.AT, by=examples.PERSON),
            allowed=model.status == "in-progress" and not model.flashes,
        ):
            model.is_held = False
            model.end("cancelled")

    @rule()
    def look_again(self) -> None:
        self.observe(examples.reconnect_attempted())

    @rule()
    def verify_outcome(self) -> None:
        if self.observe(examples.reconnected(), examples.outcome_verified()):
            self.model.is_verified = True

    @rule(who=st.sampled_from(SettledBy))
    def settle(self, who: SettledBy) -> None:
        self.operation.settle_by(who)
        if "file" in self.model.owed:
            self.model.is_uploaded = False
        self.model.settle(*ALL_OWED)

    @rule()
    def postpone_settlement(self) -> None:
        self.ask(
            lambda: self.operation.postpone_settlement(
                cause="no answer", at=examples.AT, not_before=examples.later(30)
            ),
            allowed=not self.model.is_held,
        )

    @rule()
    def give_up_obligations(self) -> None:
        model = self.model
        if self.ask(
            lambda: self.operation.give_up_obligations(reason="unreachable"),
            allowed=bool(model.owed) and model.status != "in-progress",
        ):
            model.settle(*ALL_OWED)

    @rule(is_meant=RARELY)
    def hold(self, is_meant: bool) -> None:  # noqa: FBT001
        if is_meant and self.ask(
            lambda: self.operation.hold("restored"), allowed=not self.model.is_settled
        ):
            self.model.is_held = True

    @rule()
    def resume(self) -> None:
        if self.ask(
            lambda: self.operation.resume(at=examples.AT), allowed=self.model.is_held
        ):
            self.model.is_held = False

    @rule()
    def succeed(self) -> None:
        model = self.model
        proved = model.is_verified if model.flashes else model.is_installed
        if self.ask(self.operation.succeed, allowed=model.is_running and proved):
            model.end("success")

    @rule(is_meant=RARELY)
    def fail(self, is_meant: bool) -> None:  # noqa: FBT001
        if is_meant and self.ask(
            lambda: self.operation.fail("never back"), allowed=self.model.is_running
        ):
            self.model.end("failed")

    @rule(is_meant=RARELY)
    def abort(self, is_meant: bool) -> None:  # noqa: FBT001
        if is_meant and self.ask(
            lambda: self.operation.abort("wrong board"),
            allowed=self.model.is_before_flash,
        ):
            self.model.end("aborted")

    # --- promises ---------------------------------------------------------------

    @invariant()
    def the_aggregate_agrees_with_the_model(self) -> None:
        operation, model = self.operation, self.model
        assert operation.status == model.status
        assert operation.has_begun_flash == bool(model.flashes)
        assert operation.owed == model.owed
        assert operation.is_settled == model.is_settled
        assert bool(operation.held) == model.is_held
        assert operation.is_cancellable == (
            model.status == "in-progress" and not model.flashes
        )

    @invariant()
    def the_router_is_flashed_at_most_once_and_never_after_a_cancel(self) -> None:
        self.told += self.operation.collect_events()
        flashes = [e for e in self.told if isinstance(e, events.FlashBegun)]
        endings = [e for e in self.told if isinstance(e, events.Ended)]
        assert len(flashes) == self.model.flashes <= 1
        assert len(endings) == (self.model.status != "in-progress")
        if self.model.status in {"cancelled", "aborted"}:
            assert not flashes

    @invariant()
    def progress_never_goes_back_within_an_attempt(self) -> None:
        operation = self.operation
        if operation.attempt == self.attempt:
            assert operation.progress >= self.progress
        assert (operation.progress == 100) == (operation.status == "success")
        self.attempt, self.progress = operation.attempt, operation.progress

    @invariant()
    def someone_will_come_back_exactly_while_something_is_left_to_do(self) -> None:
        is_waited_for = self.operation.next_visit_at is not None
        assert is_waited_for == (not self.model.is_settled and not self.model.is_held)

    @invariant()
    def the_story_tells_the_same_state_again(self) -> None:
        self.told += self.operation.collect_events()
        stored = [self.mapper.to_stored_event(event) for event in self.told]
        again = rebuild(None, map(self.mapper.to_domain_event, stored))
        assert isinstance(again, UpgradeOperation)
        assert examples.state_of(again) == examples.state_of(self.operation)


TestUpgradeStories = UpgradeStories.TestCase
TestUpgradeStories.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=None
)
