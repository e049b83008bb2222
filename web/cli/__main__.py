"""`python -m web.cli` is `flashlog`, also where nothing is installed."""

from web.cli.entry import main

main()
