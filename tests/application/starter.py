"""A process that starts one upgrade when told: DEVICE IMAGE."""

import sys
from contextlib import closing
from uuid import UUID

from application.commands.operations import start_upgrade
from application.flashlog import Flashlog
from application.settings import load_settings
from tests.application.houses import operation_of

device_id, image_id = sys.argv[1:]
with closing(Flashlog(load_settings())) as flashlog:
    print("ready", flush=True)
    sys.stdin.readline()
    operation_id = start_upgrade(
        flashlog, device_id=UUID(device_id), image_id=UUID(image_id)
    )
    print(operation_of(flashlog, operation_id).status)
