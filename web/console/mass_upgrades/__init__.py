"""Mass upgrades: all of them, how one is begun, and one as it goes on.

`listing`   every mass upgrade
`asking`    what a form asks for
`starting`  choose, look at who it would be, begin
`batch`     one of them, live, with a page of its operations
`deciding`  hold it, let it go on, cancel the rest
"""

from web.console.mass_upgrades import batch, deciding, listing, starting
from web.console.mass_upgrades.section import blueprint

__all__ = ["batch", "blueprint", "deciding", "listing", "starting"]
