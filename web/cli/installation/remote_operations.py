"""Upgrades of single routers by a service."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from time import monotonic, sleep
from uuid import UUID

import msgspec

from application.errors import InvalidError, NotFoundError, RefusedError
from application.feed.occurrence import entry_of
from application.watch import Moment, Teller
from web.cli.installation.ports import Row
from web.cli.installation.remote_finding import by_beginning
from web.cli.remote.client import FIRMWARE, USERS, Client
from web.cli.remote.feed import Feed, Message, is_caught_up, is_event

_OPERATION = f"{FIRMWARE}/upgrade-operation/"
# How long to wait for the service to give back what a cancelled upgrade had taken.
_GIVE_BACK_SECONDS = 5.0
_LOOK_SECONDS = 0.25


class RemoteOperations:
    """Asks the service; stories are told from the events of its feed."""

    def __init__(self, client: Client, feed: Feed) -> None:
        self._client = client
        self._feed = feed

    def find(self, text: str) -> UUID:
        return by_beginning(self._client, _OPERATION, text, kind="operation")

    def list(
        self, *, device_id: UUID | None, status: str | None, limit: int
    ) -> Sequence[Row]:
        rows = self._client.pages(
            _OPERATION, limit=limit, device=device_id, status=status
        )
        return list(map(_row, rows))

    def show(self, operation_id: UUID) -> Row:
        return _row(self._client.get(f"{_OPERATION}{operation_id}/"))

    def story(self, operation_id: UUID) -> Sequence[Moment]:
        found: list[Moment] = []
        for moment, message in self._told(operation_id):
            if moment is not None:
                found.append(moment)
            if is_caught_up(message) or (moment is not None and moment.is_final):
                break
        return found

    def follow(
        self, operation_id: UUID, *, works: bool = False
    ) -> Iterator[Moment | None]:
        last: Moment | None = None
        is_now = False
        for moment, message in self._told(operation_id):
            yield moment
            last = moment or last
            is_now = is_now or is_caught_up(message)
            # What was over for a while in the past may have gone on since.
            if last is not None and (last.is_final or (is_now and last.is_over)):
                return

    def start(
        self,
        *,
        device_id: UUID,
        image_id: UUID,
        options: Row,
        expendable_packages: Sequence[str],
    ) -> UUID | None:
        path = f"{FIRMWARE}/device/{device_id}/firmware/"
        try:
            firmware = self._client.get(path)
        except NotFoundError:
            firmware = {}
        if firmware.get("image") == str(image_id) and firmware["installed"]:
            return None
        body = {
            "image": image_id,
            "upgrade_options": options,
            "expendable_packages": expendable_packages,
        }
        try:
            answer = self._client.begin("PUT", path, body)
        except InvalidError as error:
            if not any(map(_is_no_choice, error.fields.get("image", ()))):
                raise
            msg = (
                "the service does not let this image go on that router: it is for "
                "other boards, or of another category than the router's firmware. "
                "`flashlog device check` tells which images fit"
            )
            raise InvalidError.of("image", msg) from None
        started = answer["upgrade_operation"]
        return UUID(started["id"]) if started else None

    def cancel(self, operation_id: UUID) -> None:
        self._client.post(f"{_OPERATION}{operation_id}/cancel/")
        deadline = monotonic() + _GIVE_BACK_SECONDS
        while self.show(operation_id)["owed"] and monotonic() < deadline:
            sleep(_LOOK_SECONDS)

    def retry(self, operation_id: UUID) -> UUID:
        answer = self._client.begin("POST", f"{_OPERATION}{operation_id}/retry/")
        return UUID(answer["id"])

    def resume(self, operation_id: UUID) -> None:
        self._client.post(f"{_OPERATION}{operation_id}/resume/")

    def _told(self, operation_id: UUID) -> Iterator[tuple[Moment | None, Message]]:
        """Tell the story with the messages that it comes from."""
        row = self._client.get(f"{_OPERATION}{operation_id}/")
        teller = Teller(operation_id, _names(self._client))
        filters = {"operation": [str(operation_id)]}
        last: Moment | None = None
        for message in self._feed.follow(max(0, row["position"] - 1), filters):
            moment = _moment(teller, message, last) if is_event(message) else None
            yield moment, message
            last = moment or last


def _moment(teller: Teller, message: Message, last: Moment | None) -> Moment | None:
    """Tell an event; of a type that only a newer service knows, just its name."""
    entry = entry_of(message, version=teller.version + 1)
    if entry is not None:
        return teller.tell(entry)
    if last is None:
        return None
    name = message["type"].rpartition(":")[2]
    return msgspec.structs.replace(
        last, position=message["position"], event=name, line="", by=""
    )


def _is_no_choice(sentence: str) -> bool:
    """Whether a service means that a thing cannot be chosen; of it no more is said."""
    return sentence.startswith("Invalid pk")


def _names(client: Client) -> Callable[[UUID], str]:
    @cache
    def name_of(user_id: UUID) -> str:
        """Return a person's name; blank to who may not know it."""
        try:
            return str(client.get(f"{USERS}/user/{user_id}/")["username"])
        except (NotFoundError, RefusedError):
            return ""

    return name_of


def _row(told: Row) -> Row:
    """Name an operation of REST as this machine's installation names it."""
    renamed = {
        "device_id": told["device"],
        "device": told["device_name"],
        "image_id": told["image"],
        "image": told["image_name"],
        "batch_id": told["batch"],
        "options": told["upgrade_options"],
        "owed": ",".join(told["owed"]),
    }
    taken = {"batch", "upgrade_options", "device_name", "image_name", "log"}
    return {k: v for k, v in told.items() if k not in taken} | renamed
