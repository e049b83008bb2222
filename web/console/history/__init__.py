"""What happened: all of it as a stream, and everything of one thing.

`stream`    every event that one may see, newest first, and live
`of_thing`  an upgrade, a device, a mass upgrade, an image, an account, event by event
`telling`   the page of such a history
"""

from web.console.history import of_thing, stream
from web.console.history.section import blueprint

__all__ = ["blueprint", "of_thing", "stream"]
