"""`flashlog serve` that ends with the demo, even where the demo is killed."""

import sys

from web.cli.main import main
from web.service.lifeline import die_with

die_with(int(sys.argv[1]))
main(["serve"])
