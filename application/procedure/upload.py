"""Bring the image to the router, whole and verified."""

from collections.abc import Sequence
from time import monotonic

from application.errors import RefusedStepError, UnreachableError
from application.observing import tracing
from application.ports import ImageSource, Session, Span
from application.procedure.room import missing_spans
from application.procedure.visit import Visit
from application.procedure.width import channels_for
from application.router.refusals import GuardRefusedError, Refusal
from application.router.router import Router
from domain.operation import events

# Progress is recorded when so much of the image has moved (5 of the 40 percentage
# points of an upload), or less after a while.
_RECORD_SHARE = 1 / 8
_SLOW_SECONDS, _SLOW_SHARE = 2.0, 1 / 40


def run(
    visit: Visit,
    session: Session,
    router: Router,
    image: ImageSource,
    missing: Sequence[Span],
) -> None:
    """Send what is missing and verify the whole by its hash on the router."""
    to_send = sum(span.end - span.start for span in missing)
    begun = events.UploadBegun(
        path=visit.path, size_bytes=image.size, kept_bytes=image.size - to_send
    )
    visit.write(lambda operation: operation.note(begun))
    started = monotonic()
    if missing:
        with tracing.span("upload", bytes=to_send):
            _send(visit, session, router, image, missing)
    _verify(visit, router, image)
    uploaded = events.Uploaded(
        size_bytes=image.size,
        sha256=image.sha256,
        sent_bytes=to_send,
        seconds=round(monotonic() - started, 3),
    )
    visit.write(lambda operation: operation.note(uploaded))


def _send(
    visit: Visit,
    session: Session,
    router: Router,
    image: ImageSource,
    missing: Sequence[Span],
) -> None:
    settings = visit.settings
    channels = channels_for(session.round_trip_seconds, settings.upload_channels_max)
    try:
        writes = session.upload(
            image,
            _shared_out(missing, channels, settings.upload_chunk_bytes // 2),
            command_for=router.write_command(visit.fence(), path=visit.path),
            channels=channels,
            stall_seconds=settings.upload_stall_seconds,
            bytes_per_second_max=settings.upload_bytes_per_second_max or None,
            on_progress=_Progress(visit, router, image, missing),
        )
        router.check_writes(writes)
    except GuardRefusedError as refusal:
        if refusal.word is Refusal.NO_SPACE:
            msg = f"no space left in {settings.upload_directory} during the upload"
            raise RefusedStepError(msg) from refusal
        raise


def _shared_out(spans: Sequence[Span], channels: int, piece_bytes: int) -> list[Span]:
    """Cut spans so that every channel has work; whole pieces, since those are kept."""
    total = sum(span.end - span.start for span in spans)
    share = -(-total // (channels * piece_bytes)) * piece_bytes
    return [
        Span(start, min(start + share, span.end))
        for span in spans
        for start in range(span.start, span.end, share)
    ]


class _Progress:
    """What is done while bytes move: notice a cancel, keep the switch, record."""

    def __init__(
        self,
        visit: Visit,
        router: Router,
        image: ImageSource,
        missing: Sequence[Span],
    ) -> None:
        self._visit = visit
        self._router = router
        self._size = image.size
        self._kept = image.size - sum(span.end - span.start for span in missing)
        self._recorded = self._kept
        self._recorded_at = self._extended_at = self._begun_at = monotonic()

    def __call__(self, sent_bytes: int) -> None:
        visit, now = self._visit, monotonic()
        visit.check()
        if now - self._begun_at > visit.settings.upload_seconds:
            limit = visit.settings.upload_seconds
            msg = f"the upload did not end within {limit:.0f} s"
            raise UnreachableError(msg)
        self._extend_lease(now)
        self._record(now, self._kept + sent_bytes)

    def _extend_lease(self, now: float) -> None:
        lease_seconds = self._visit.settings.switch_lease_seconds
        if now - self._extended_at > lease_seconds / 3:
            self._router.extend(self._visit.fence(), lease_seconds=int(lease_seconds))
            self._extended_at = now

    def _record(self, now: float, done: int) -> None:
        is_slow = now - self._recorded_at >= _SLOW_SECONDS
        share = _SLOW_SHARE if is_slow else _RECORD_SHARE
        if done - self._recorded < self._size * share:
            return
        advanced = events.UploadAdvanced(sent_bytes=done, size_bytes=self._size)
        self._visit.write(lambda operation: operation.note(advanced))
        self._recorded, self._recorded_at = done, now


def _verify(visit: Visit, router: Router, image: ImageSource) -> None:
    found = router.checksum(path=visit.path)
    if found and (found.bytes, found.sha256) == (image.size, image.sha256):
        return
    missing = missing_spans(visit, router, image) if found else [Span(0, image.size)]
    lost = sum(span.end - span.start for span in missing)
    msg = (
        f"the image on the router is not what was sent: {lost} of {image.size} bytes "
        "differ"
    )
    raise UnreachableError(msg)
