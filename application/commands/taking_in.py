"""Take a file in: which type it is, whether it is firmware, and into the store."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from uuid import UUID, uuid4

import msgspec

from application.adapters.image_store import Stored
from application.commands.deletion import STORING, delete_unused_files
from application.flashlog import Flashlog
from application.image_types import ImageType, clean_file_name, image_types, own_type
from domain.catalogue import ImageAdded
from domain.errors import InvalidError
from domain.firmware import Firmware, FirmwareMetadata

_UNDETECTABLE = (
    "The type cannot be told from the name of the file, nor from metadata in it: name "
    "one of the types."
)


class Submitted(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a file; a blank type is found out.

    `types` are those that may be named beside the built-in ones: of images that who
    submits it can see. `boards` are what a person says it is for. `models`, `profile`
    and `device_packages` are what a release says of it.
    """

    file_name: str
    type: str = ""
    types: frozenset[str] = frozenset()
    boards: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    profile: str = ""
    device_packages: tuple[str, ...] = ()


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A file in the store, and the id of the image that is to be made of it."""

    image_id: UUID
    stored: Stored
    type_name: str
    known: ImageType | None


@contextmanager
def taken_in(
    flashlog: Flashlog,
    submitted: Submitted,
    chunks: Iterable[bytes],
    *,
    check: Callable[[Firmware], object] = lambda _: None,
    needs_type: bool = False,
) -> Iterator[Taken]:
    """Take a file into the store while an image is made of it.

    Until the end nobody deletes the file for want of an image; where the end is an
    error, it goes unless another image is made of it. Raises InvalidError on `file`
    or `type`, what `check` raises, StoreFullError. With `needs_type` a file that is
    refused is told, too, when its type cannot be found out.
    """
    types = image_types(flashlog.settings.image_types_file)
    known = (
        types.get(submitted.type)
        if submitted.type
        else types.of_file(submitted.file_name)
    )
    with ExitStack() as held:

        def judge(firmware: Firmware) -> None:
            _type_name(submitted, known, firmware)
            check(firmware)
            held.enter_context(flashlog.among(STORING))

        try:
            stored = flashlog.images.add(
                chunks,
                file_name=submitted.file_name,
                boards=submitted.boards or _boards_of(known),
                check=judge,
            )
        except InvalidError as error:
            untold = _untold(submitted, known) if needs_type else {}
            raise InvalidError(error.fields | untold) from None
        taken = Taken(
            image_id=uuid4(),
            stored=stored,
            type_name=_type_name(submitted, known, stored.firmware),
            known=known,
        )
        try:
            yield taken
        except BaseException:
            held.close()
            delete_unused_files(flashlog, [stored.sha256])
            raise


def facts_of(
    submitted: Submitted, taken: Taken, build_id: UUID, by: UUID | None
) -> ImageAdded:
    """Return what is recorded of an image."""
    firmware, known = taken.stored.firmware, taken.known
    said = firmware.metadata or FirmwareMetadata(boards=())
    models = (*(known.models if known else ()), *submitted.models)
    # What metadata says is not mixed with what a table believes.
    boards = (*said.boards, *submitted.boards) or firmware.boards
    profile = submitted.profile or said.board
    label = next(iter(models), "") or profile or next(iter(boards), "")
    return ImageAdded(
        build_id=build_id,
        file_name=clean_file_name(submitted.file_name),
        type=taken.type_name,
        sha256=taken.stored.sha256,
        size_bytes=taken.stored.size,
        boards=tuple(dict.fromkeys(boards)),
        kind=firmware.kind,
        compat_version=said.compat_version,
        compat_message=said.compat_message,
        release=said.version,
        revision=said.revision,
        target=said.target,
        signed=said.signed,
        has_metadata=firmware.metadata is not None,
        label=known.label if known else label,
        models=tuple(dict.fromkeys(models)),
        profile=profile,
        device_packages=submitted.device_packages,
        by=by,
    )


def _type_name(
    submitted: Submitted, known: ImageType | None, firmware: Firmware
) -> str:
    """Return the type of a file. Raises InvalidError on `type`."""
    if known is not None:
        return known.name
    metadata = firmware.metadata or FirmwareMetadata(boards=())
    own = own_type(clean_file_name(submitted.file_name), metadata)
    is_own = submitted.type in {"", own, *submitted.types}
    if is_own and firmware.boards:
        return submitted.type or own
    raise InvalidError(_untold(submitted, known))


def _untold(submitted: Submitted, known: ImageType | None) -> dict[str, list[str]]:
    """Say what is wrong with the type, where neither table nor metadata knows it."""
    if known is not None or submitted.boards:
        return {}
    if submitted.type:
        return {"type": [f'"{submitted.type}" is not a valid choice.']}
    return {"type": [_UNDETECTABLE]}


def _boards_of(known: ImageType | None) -> tuple[str, ...]:
    return (*known.boards, *known.models) if known else ()
