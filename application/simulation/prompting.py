"""Knows from a recording what a router says next, and notices what is different."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from application.recordings.lines import Answer, CommandLine, OpenedLine, UploadLine
from application.recordings.redaction import REMOVED
from application.simulation.recording import Act, Recording

_SHOWN_CHARACTERS = 500


class Prompter:
    """What the recording has from now on, and what was different from it first."""

    def __init__(self, recording: Recording) -> None:
        self._all = [act for visit in recording.visits for act in visit.acts]
        self.acts = list(self._all)
        self.difference = ""
        self._ids = {
            form: ""
            for each in (recording.head.operation, recording.head.installation)
            for form in (str(each), each.hex)
        }
        self._uploaded_bytes = self._writers = 0

    @property
    def is_over(self) -> bool:
        return not self.acts or bool(self.difference)

    def expected(self) -> OpenedLine | None:
        """Return how the next session was opened; None where none is expected."""
        upcoming = (a for a in self.acts if not getattr(a, "during_upload", False))
        act = next((a for a in upcoming if not isinstance(a, UploadLine)), None)
        return act if isinstance(act, OpenedLine) else None

    def opened(self) -> OpenedLine | None:
        """Go on to the next session and return how it was opened."""
        self._end_upload()
        opened: OpenedLine | None = self._next(OpenedLine, "a session")
        return opened

    def answer(
        self, name: str, command: str, inputs: Mapping[str, str]
    ) -> Answer | None:
        """Return the answer to a command; None where the link was lost instead."""
        act = self._during_upload(name) or self._next(CommandLine, name or command)
        if act is None:
            return None
        if (name, "" if name else command) != (act.script, act.command):
            self._differ(name or command, act)
            return None
        for key, value in inputs.items():
            expected = act.inputs.get(key, "")
            if not self._is(expected, value):
                self._differ(f"{name} with {key}={value!r}", act)
                return None
        answer: Answer | None = act.answer
        return answer

    def seen(self, name: str) -> Answer:
        """Return what a script was answered with first, to who only looks around."""
        told = (act for act in self._all if isinstance(act, CommandLine))
        found = (act.answer for act in told if act.script == name and act.answer)
        return next(found, Answer(exit_status=0))

    def take(self, count: int) -> bool:
        """Take bytes of an upload; False where the link was lost by then."""
        upload = self.acts[0] if self.acts else None
        if not isinstance(upload, UploadLine):
            self._differ("an upload", upload)
            return False
        self._uploaded_bytes += count
        if upload.trouble is None:
            return True
        taken = upload.progress[-1][1] if upload.progress else 0
        if self._uploaded_bytes < taken:
            return True
        self._end_upload()
        return False

    def begin_write(self) -> None:
        """Hear that a part of an upload begins."""
        self._writers += 1

    def end_write(self) -> Answer | None:
        """Return what a part of an upload was answered with."""
        self._writers -= 1
        upload = self.acts[0] if self.acts else None
        if not isinstance(upload, UploadLine) or not upload.answers:
            return None
        size = sum(span.end - span.start for span in upload.spans)
        if not self._writers and self._uploaded_bytes >= size:
            self._end_upload()
        refused = [each for each in upload.answers if "refused=" in each.stdout.text]
        return (refused or upload.answers)[0]

    def named(self, text: str) -> str:
        """Say the ids of today where the recording says its own."""
        for recorded, now in self._ids.items():
            text = text.replace(recorded, now or recorded)
        return text

    def _end_upload(self) -> None:
        """Go on to what came after it; what was asked meanwhile hangs on its pace."""
        if self.acts and isinstance(self.acts[0], UploadLine):
            self.acts.pop(0)
            while self.acts and getattr(self.acts[0], "during_upload", False):
                self.acts.pop(0)
        self._uploaded_bytes = self._writers = 0

    def _during_upload(self, name: str) -> CommandLine | None:
        if not self.acts or not isinstance(self.acts[0], UploadLine):
            return None
        for act in self.acts[1:]:
            if not isinstance(act, CommandLine) or not act.during_upload:
                break
            if act.script == name:
                self.acts.remove(act)
                return act
        self._end_upload()
        return None

    def _next(self, kind: type[Any], asked: str) -> Any:
        act = self.acts.pop(0) if self.acts else None
        if isinstance(act, kind):
            return act
        self._differ(asked, act)
        return None

    def _differ(self, asked: str, act: Act | None) -> None:
        told = msgspec.json.encode(act).decode() if act else "nothing more"
        self.difference = self.difference or (
            f"the router is asked for {asked}, the recording has "
            f"{told[:_SHOWN_CHARACTERS]}"
        )

    def _is(self, expected: str, value: str) -> bool:
        """Whether an input is the recorded one; ids are learned where they stand."""
        if REMOVED in expected:
            return True
        for recorded, now in self._ids.items():
            before, found, after = expected.partition(recorded)
            if not found or now:
                continue
            told = value.removeprefix(before).removesuffix(after)
            try:
                learned = UUID(told)
            except ValueError:
                continue
            both = {str(UUID(recorded)): str(learned), UUID(recorded).hex: learned.hex}
            self._ids.update(both)
        return self.named(expected) == value
