"""An installation elsewhere: asked over REST, followed over WebSocket."""

from web.cli import output
from web.cli.installation.remote_batches import RemoteBatches
from web.cli.installation.remote_inventory import RemoteInventory
from web.cli.installation.remote_operations import RemoteOperations
from web.cli.installation.remote_past import RemotePast
from web.cli.remote.client import Client
from web.cli.remote.feed import Feed
from web.cli.remote.login import Login


class RemoteInstallation:
    """What the service shows to whom the token belongs."""

    # A service that answers does what is due; its health tells where it does not.
    is_worked = True

    def __init__(self, login: Login, *, answer_seconds: float | None = None) -> None:
        limits = {} if answer_seconds is None else {"answer_seconds": answer_seconds}
        client = Client(login, **limits)
        self.close = client.close
        feed = Feed(login, client.trust, output.notice)
        self.inventory = RemoteInventory(client)
        self.operations = RemoteOperations(client, feed)
        self.batches = RemoteBatches(client, feed)
        self.past = RemotePast(client, self.inventory, self.operations, self.batches)
