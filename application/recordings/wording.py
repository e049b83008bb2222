"""What may be kept of what is said and answered: no secret, and not too much."""

import hashlib
from collections.abc import Mapping
from typing import Any

from application.ports import Completed, Target
from application.recordings.lines import NO_OUTPUT, Answer, Output, Trouble
from application.recordings.redaction import Redaction


class Wording:
    """Words answers and errors as they may be kept, one command's to a limit."""

    def __init__(self, *, output_bytes_max: int) -> None:
        self._output_bytes_max = output_bytes_max
        self._redaction = Redaction()

    def know(self, target: Target) -> None:
        """Take the secrets of a target out of everything from now on."""
        logins = [*target.logins, *(jump.login for jump in target.jump_hosts)]
        for login in logins:
            self._redaction.add([login.password, login.private_key, login.passphrase])

    def answer(self, completed: Completed, *, is_open: bool = True) -> Answer:
        return Answer(
            exit_status=completed.exit_status,
            stdout=self._output(completed.stdout, is_open=is_open),
            stderr=self._output(completed.stderr),
            seconds=round(completed.seconds, 3),
        )

    def trouble(self, error: BaseException) -> Trouble:
        """Tell an error as it may be kept."""
        details = {
            name: self.text(str(value))
            for name in ("address", "expected", "found")
            if (value := getattr(error, name, None))
        }
        return Trouble(
            error=type(error).__name__,
            message=self.text(str(error)),
            details=details,
            refused=self.reasons(getattr(error, "refused", {})),
        )

    def reasons(self, refused: Mapping[Any, str]) -> Mapping[Any, str]:
        return {each: self.text(why) for each, why in refused.items()}

    def text(self, text: str) -> str:
        """Return a text without secrets."""
        return "" if self._redaction.keeps_nothing else self._redaction(text)

    def cut(self, text: str) -> Output:
        """Take the secrets out first: a half one would not be known any more."""
        kept = self.text(text)
        limit = self._output_bytes_max
        size = len(text.encode())
        if len(kept.encode()) <= limit and not (text and not kept):
            return Output(text=kept)
        return Output(text=kept.encode()[:limit].decode(errors="ignore"), bytes=size)

    def _output(self, written: bytes, *, is_open: bool = True) -> Output:
        if not written:
            return NO_OUTPUT
        try:
            text = written.decode()
        except UnicodeDecodeError:
            is_text = b"\0" not in written and not written.startswith(b"\x1f\x8b")
            is_open, text = is_open and is_text, written.decode(errors="replace")
        if is_open:
            return self.cut(text)
        return Output(bytes=len(written), sha256=hashlib.sha256(written).hexdigest())
