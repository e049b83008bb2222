"""`python -m web.cli` is `flashlog`, also where nothing is installed."""

from web.cli.main import main

main()
