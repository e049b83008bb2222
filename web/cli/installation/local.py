"""The installation of this machine: commands and queries are called directly."""

from collections.abc import Callable
from uuid import UUID

from application.flashlog import Flashlog
from web.cli.installation.local_batches import LocalBatches
from web.cli.installation.local_inventory import LocalInventory
from web.cli.installation.local_operations import LocalOperations
from web.cli.installation.local_past import LocalPast


class LocalInstallation:
    """What the data directory holds; `who` makes known who changes something."""

    def __init__(self, flashlog: Flashlog, who: Callable[[], UUID]) -> None:
        self._flashlog = flashlog
        self.inventory = LocalInventory(flashlog, who)
        self.operations = LocalOperations(flashlog, who)
        self.batches = LocalBatches(flashlog, who)
        self.past = LocalPast(flashlog)

    @property
    def is_worked(self) -> bool:
        return self._flashlog.is_worked()

    def close(self) -> None:
        """Close nothing: whoever opened the log closes it."""
