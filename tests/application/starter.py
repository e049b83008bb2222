"""A process that starts one upgrade when told: DATA_DIR DEVICE IMAGE."""

import sys
from pathlib import Path
from uuid import UUID

from application.commands.operations import start_upgrade
from tests.application.houses import opened, operation_of

directory, device_id, image_id = sys.argv[1:]
with opened(Path(directory)) as flashlog:
    print("ready", flush=True)
    sys.stdin.readline()
    operation_id = start_upgrade(
        flashlog, device_id=UUID(device_id), image_id=UUID(image_id)
    )
    print(operation_of(flashlog, operation_id).status)
