"""What a script printed, taken apart."""

from collections import defaultdict

from application.errors import LinkLostError, UnexpectedError
from application.ports import Completed
from application.router.refusals import GuardRefusedError, Refusal

_TAIL_LINES = 10


class Reply:
    """The lines `key=value` of one script; a key may come several times."""

    def __init__(self, script: str, output: str) -> None:
        self.script = script
        self._output = output
        self._values: dict[str, list[str]] = defaultdict(list)
        # Only line feeds end a line: what a router prints may hold any other break.
        for line in output.split("\n"):
            if not line:
                continue
            key, equals, value = line.partition("=")
            if not equals:
                raise self.unexpected(f"no line of {script}: {line!r}")
            self._values[key].append(value.rstrip("\r"))

    def one(self, key: str) -> str:
        """Return the only value of `key`; UnexpectedError unless there is one."""
        values = self.many(key)
        if len(values) != 1:
            raise self.unexpected(
                f"the script {self.script} said {len(values)} times {key}"
            )
        return values[0]

    def text(self, key: str) -> str | None:
        """Return the value of `key`, None when it is missing or empty."""
        return self.one(key) or None if key in self._values else None

    def number(self, key: str) -> int:
        """Return the only value of `key` as a whole number."""
        value = self.one(key)
        try:
            return int(value)
        except ValueError:
            raise self.unexpected(f"{key} is no number: {value!r}") from None

    def flag(self, key: str) -> bool:
        """Return whether the value of `key` is 1 rather than 0 or missing."""
        return self.text(key) == "1"

    def many(self, key: str) -> tuple[str, ...]:
        """Return all values of `key`, in order."""
        return tuple(self._values.get(key, ()))

    def unexpected(self, message: str) -> UnexpectedError:
        return UnexpectedError(
            message, command=self.script, exit_status=0, tail=_tail(self._output)
        )


def read(script: str, completed: Completed) -> Reply:
    """Take the output of a script apart.

    Raises LinkLostError when it ended without an exit status, UnexpectedError when it
    failed or printed something else than declared, GuardRefusedError when it refused.
    """
    output = completed.stdout.decode("utf-8", "replace")
    if completed.exit_status is None:
        raise LinkLostError(f"the session ended before the script {script} did")
    if completed.exit_status != 0:
        raise UnexpectedError(
            f"the script {script} failed on the router",
            command=script,
            exit_status=completed.exit_status,
            tail=_tail(output + completed.stderr.decode("utf-8", "replace")),
        )
    reply = Reply(script, output)
    if word := reply.text("refused"):
        try:
            refusal = Refusal(word)
        except ValueError:
            raise reply.unexpected(f"no known refusal: {word!r}") from None
        raise GuardRefusedError(refusal, reply.text("detail") or "", script=script)
    return reply


def _tail(output: str) -> str:
    return "\n".join(output.splitlines()[-_TAIL_LINES:])
