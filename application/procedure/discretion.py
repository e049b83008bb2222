"""What a router says of its own log-ins does not go into the log.

A router may print its password where it should name its model, or in what a failing
`sysupgrade` complains of. What a visit learns becomes events, which nobody can take
back, so it is cleaned before anything reads it, as what is recorded is.
"""

import re
from typing import Any

import msgspec

from application.ports import Completed, Session, Target
from application.recordings.redaction import REMOVED, Redaction

# Ids and hashes, by which routers and files are told apart: a password may be a MAC
# address, and must not keep a router from being known by it.
_IDS = {
    *("agent_uuid", "boot_id", "canary", "enrolled_uuid", "mac", "marker", "piece"),
    *("owner_installation", "owner_operation", "sha256"),
}
# What decides. A password that is a word, as `archer`, stands in a name by chance; one
# that cannot be mistaken for a word does not.
_NAMES = {
    *("board", "compat_version", "model", "release", "revision", "target"),
    *("not_restored", "not_stopped", "package", "restored", "service", "stopped"),
    *("refused", "way_in", "wifi"),
}
_UNMISTAKABLE_CHARACTERS = 8
_LONG_CHARACTERS = 16
_NUMBER = re.compile(r"[0-9.]{0,7}")
_GZIP_MAGIC = b"\x1f\x8b"


class DiscreetSession:
    """A `ports.Session` that answers without the secrets of its target."""

    def __init__(self, session: Session, target: Target) -> None:
        self._session = session
        self._any, self._unmistakable = Redaction(), Redaction()
        logins = [*target.logins, *(jump.login for jump in target.jump_hosts)]
        for login in logins:
            secrets = (login.password, login.private_key, login.passphrase)
            self._any.add(secrets)
            self._unmistakable.add(filter(_is_unmistakable, secrets))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def execute(
        self, command: str, *, limit_seconds: float, stdout_bytes_max: int = 1 << 20
    ) -> Completed:
        """Run a command; see `ports.Session.execute`."""
        return self._clean(
            self._session.execute(
                command, limit_seconds=limit_seconds, stdout_bytes_max=stdout_bytes_max
            )
        )

    def upload(self, *arguments: Any, **others: Any) -> list[Completed]:
        """Send spans of the image; see `ports.Session.upload`."""
        return [*map(self._clean, self._session.upload(*arguments, **others))]

    def close(self) -> None:
        """Close the connection; never raises."""
        self._session.close()

    def _clean(self, completed: Completed) -> Completed:
        return msgspec.structs.replace(
            completed,
            stdout=self._told(completed.stdout),
            stderr=self._told(completed.stderr),
        )

    def _told(self, output: bytes) -> bytes:
        # A backup of the configuration goes into the vault as it is.
        if output.startswith(_GZIP_MAGIC):
            return output
        # Bytes that are no text come out as they went in.
        text = output.decode("utf-8", "surrogateescape")
        cleaned = "\n".join(map(self._line, text.split("\n")))
        return cleaned.encode("utf-8", "surrogateescape")

    def _line(self, line: str) -> str:
        key, equals, value = line.partition("=")
        if not equals or not key.isidentifier():
            return self._said(line)
        if key in _IDS or _NUMBER.fullmatch(value):
            return line
        if key in _NAMES:
            return f"{key}={self._unmistakable(value)}"
        return f"{key}={self._said(value)}"

    def _said(self, text: str) -> str:
        if self._any.keeps_nothing:
            return REMOVED if text else ""
        return self._any(text)


def _is_unmistakable(secret: str | None) -> bool:
    if secret is None or len(secret) < _UNMISTAKABLE_CHARACTERS:
        return False
    has_digits = any(map(str.isdigit, secret))
    has_letters = any(map(str.isalpha, secret))
    return len(secret) >= _LONG_CHARACTERS or (has_digits and has_letters)
