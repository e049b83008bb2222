"""Gluon, the firmware of Freifunk: OpenWrt with an updater of its own.

Two updaters on one router may flash at the same time, so Flashlog takes a router only
while its own updater is switched off. Everything else is as on OpenWrt.
"""

from application.errors import RefusedStepError
from application.router.facts import Claim
from application.router.fence import Fence
from application.router.owed import NOTHING_OWED, Owed
from application.router.router import Router

_LIMIT_SECONDS = 30.0


class GluonRouter(Router):
    """A router that is claimed only when nobody else is going to flash it."""

    def claim(
        self,
        fence: Fence,
        *,
        path: str,
        lease_seconds: int,
        previous: str = "",
        owed: Owed = NOTHING_OWED,
    ) -> Claim:
        """Take the router; refused while Gluon's own updater is switched on."""
        answer = self._session.execute(
            "uci -q get autoupdater.settings.enabled", limit_seconds=_LIMIT_SECONDS
        )
        if answer.stdout.strip() == b"1":
            msg = (
                "Gluon's own updater is switched on: on the router, run "
                "`uci set autoupdater.settings.enabled=0; uci commit autoupdater`"
            )
            raise RefusedStepError(msg)
        return super().claim(
            fence,
            path=path,
            lease_seconds=lease_seconds,
            previous=previous,
            owed=owed,
        )
