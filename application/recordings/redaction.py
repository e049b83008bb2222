"""Takes secrets out of whatever is going to be kept."""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote as percent_encoded

import msgspec

REMOVED = "[removed]"
# A secret that is shorter stands in every text by chance: then no text is kept at all.
_SHORT_CHARACTERS = 4
# Lines of a private key, each for itself: a router shows them with something around.
_KEY_LINE_CHARACTERS = 16
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    re.DOTALL,
)


class Redaction:
    """Knows the secrets of a visit; is told of them as they come to be used."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self._keeps_nothing = False

    def add(self, secrets: Iterable[str | None]) -> None:
        """Let these be taken out from now on."""
        for secret in filter(None, secrets):
            if len(secret) < _SHORT_CHARACTERS:
                self._keeps_nothing = True
            self._secrets.update(_forms(secret))
        # The longest first: one may be a part of another.
        longest = sorted(self._secrets, key=len, reverse=True)
        self._pattern = (
            re.compile("|".join(map(re.escape, longest))) if longest else None
        )

    def __call__(self, text: str) -> str:
        """Return the text without the secrets."""
        if self._pattern is not None:
            text = self._pattern.sub(REMOVED, text)
        return _PRIVATE_KEY.sub(REMOVED, text)

    @property
    def keeps_nothing(self) -> bool:
        """Whether what a router says cannot be kept: a secret is too short for that."""
        return self._keeps_nothing


def _forms(secret: str) -> Iterator[str]:
    """Return a secret as it is written in a text, a shell, JSON and an address."""
    yield secret
    yield secret.replace("'", "'\\''")
    yield msgspec.json.encode(secret).decode()[1:-1]
    yield percent_encoded(secret, safe="")
    for line in secret.splitlines():
        if len(line.strip()) >= _KEY_LINE_CHARACTERS:
            yield line.strip()
