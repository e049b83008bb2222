"""A file of `flashlog audit record`, read whole."""

from collections.abc import Iterable, Sequence

import msgspec

from application.recordings.lines import (
    FORMAT,
    VERSION,
    CommandLine,
    EventLine,
    LeftOutLine,
    MissingLine,
    OpenedLine,
    RecordingError,
    RecordingLine,
    UploadLine,
    VisitLine,
    decode,
)

Act = OpenedLine | CommandLine | UploadLine


class PlayedVisit(msgspec.Struct, frozen=True):
    """One visit: who went, and all that was done, in order."""

    line: VisitLine
    acts: Sequence[Act]


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """Who was upgraded with what, all visits, and the events that came of them."""

    head: RecordingLine
    visits: Sequence[PlayedVisit]
    events: Sequence[EventLine]

    @classmethod
    def read(cls, lines: Iterable[bytes]) -> "Recording":
        """Read a file. Raises RecordingError, also where something is missing in it."""
        told = decode(lines)
        head = next(told, None)
        if not isinstance(head, RecordingLine) or head.format != FORMAT:
            msg = "it does not begin as a recording of an operation does"
            raise RecordingError(msg)
        if head.version > VERSION:
            msg = f"it has version {head.version}, this Flashlog knows {VERSION}"
            raise RecordingError(msg)
        visits: list[tuple[VisitLine, list[Act]]] = []
        happened = []
        for line in told:
            match line:
                case VisitLine():
                    # One visit may have been kept in several parts.
                    if not visits or visits[-1][0].at != line.at:
                        visits.append((line, []))
                case OpenedLine() | CommandLine() | UploadLine() if visits:
                    visits[-1][1].append(line)
                case EventLine():
                    happened.append(line)
                case MissingLine(reason=reason):
                    raise RecordingError(f"a visit is missing in it: {reason}")
                case LeftOutLine(lines=count):
                    raise RecordingError(f"{count} lines are missing in it")
        return cls(
            head=head,
            visits=[PlayedVisit(line, acts) for line, acts in visits],
            events=happened,
        )
