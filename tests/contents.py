"""All that an installation keeps, as bytes: what is nowhere in it is nowhere."""

import zlib

from application.settings import Settings
from tests.postgres import dumped


def contents(settings: Settings) -> dict[str, bytes]:
    """Return what is in every file, unpacked where it is a recording, and the dump.

    A dump is all that a plain client of PostgreSQL could see.
    """
    found = {}
    for path in settings.data_dir.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found[str(path.relative_to(settings.data_dir))] = content
            if "recordings" in path.parts:
                found[f"{path.name} unpacked"] = zlib.decompress(content)
    if settings.database_url:
        found["dump"] = dumped(settings.database_url)
    return found
