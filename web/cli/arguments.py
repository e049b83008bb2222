"""Arguments that several commands have, with what a shell offers for them."""

import click

from web.cli import completing

device_argument = click.argument(
    "name", metavar="DEVICE", shell_complete=completing.devices
)
image_argument = click.argument(
    "image", metavar="IMAGE", shell_complete=completing.images_and_files
)
build_argument = click.argument(
    "build", metavar="BUILD", shell_complete=completing.builds
)
operation_argument = click.argument(
    "operation_id", metavar="OPERATION", shell_complete=completing.operations
)
batch_argument = click.argument(
    "batch_id", metavar="BATCH", shell_complete=completing.batches
)
