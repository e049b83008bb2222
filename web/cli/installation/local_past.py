"""The past of this machine's installation: all of it may be read."""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

import msgspec

from application.access import Account
from application.audit.proofs import newest_checkpoint
from application.commands.images import find_image
from application.commands.users import user_meant
from application.errors import InvalidError
from application.flashlog import Flashlog
from application.past import diff as differing
from application.past import exposure as exposing
from application.past.moments import moment_of, now_of, position_of, start_of
from application.past.patience import Patience
from application.past.states import state_at
from application.queries.ever_seen import images_ever_of, is_ever_seen
from application.queries.finding import find_operation
from application.queries.finding_batches import find_batch, find_build
from application.queries.finding_devices import find_device
from application.queries.histories import about_batch, about_device, history_of
from application.sealing import seal
from web.cli.installation.past import History, Wanted
from web.cli.installation.ports import Row
from web.cli.installation.remote_finding import as_id

# Who reaches the log itself may read all of it.
EVERYBODY = Account(
    user_id=UUID(int=0), is_active=True, is_staff=True, is_superuser=True
)
_FIND: Mapping[str, Callable[[Flashlog, str], UUID]] = {
    "operation": find_operation,
    "device": find_device,
    "batch": find_batch,
    "image": find_image,
    "user": user_meant,
}


class LocalPast:
    """Answers from the log."""

    def __init__(self, flashlog: Flashlog) -> None:
        self._flashlog = flashlog

    def history(self, kind: str, text: str, *, as_of: str | None) -> History:
        flashlog = self._flashlog
        thing_id = self._found(kind, text)
        end = flashlog.log.end()
        until = position_of(flashlog, "--as-of", as_of) if as_of else end
        history = history_of(flashlog, self._about(kind, thing_id), until=until)
        told = history.page(flashlog, EVERYBODY, limit=len(history.positions))
        return History(
            thing_id=thing_id,
            as_of=until,
            state=state_at(flashlog, kind, thing_id, until),
            events=[msgspec.to_builtins(each) for each in told],
        )

    def differences(self, start: str, end: str | None) -> Sequence[Row]:
        flashlog = self._flashlog
        first = position_of(flashlog, "FROM", start)
        last = position_of(flashlog, "TO", end) if end else flashlog.log.end()
        if first > last:
            raise InvalidError.of("FROM", "This is later than TO.")
        patience = Patience(flashlog.settings)
        found = differing.differences(
            flashlog, [], start=first, end=last, patience=patience
        )
        return differing.in_words(flashlog, EVERYBODY, list(found))

    def exposed(self, wanted: Wanted) -> Sequence[Row]:
        flashlog, start, end = self._flashlog, wanted.start, wanted.end
        first = moment_of(flashlog, "--from", start) if start else start_of(flashlog)
        last = moment_of(flashlog, "--to", end) if end else now_of(flashlog)
        if first.position > last.position or first.at > last.at:
            raise InvalidError.of("--from", "This is later than --to.")
        found = exposing.exposed(
            flashlog,
            [],
            exposing.Wanted(release=wanted.release, image_ids=self._images(wanted)),
            start=first,
            end=last,
            patience=Patience(flashlog.settings),
        )
        return exposing.in_words(flashlog, EVERYBODY, list(found))

    def checkpoint(self) -> str:
        """Return it; where no service signs, all there is is signed first."""
        seal(self._flashlog)
        return newest_checkpoint(self._flashlog.audit.store)

    def _images(self, wanted: Wanted) -> set[UUID] | None:
        images = {find_image(self._flashlog, wanted.image)} if wanted.image else None
        if not wanted.build:
            return images
        build_id = find_build(self._flashlog, wanted.build)
        of_build = images_ever_of(self._flashlog, build_id)
        return of_build if images is None else images & of_build

    def _found(self, kind: str, text: str) -> UUID:
        """Find a thing, also one that was deleted by its id. Raises NotFoundError."""
        thing_id = as_id(text)
        if thing_id and is_ever_seen(self._flashlog, EVERYBODY, kind, thing_id):
            return thing_id
        return _FIND[kind](self._flashlog, text)

    def _about(self, kind: str, thing_id: UUID) -> list[UUID]:
        if kind == "device":
            return about_device(self._flashlog, EVERYBODY, thing_id)
        if kind == "batch":
            return about_batch(self._flashlog, EVERYBODY, thing_id)
        return [thing_id]
