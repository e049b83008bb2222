"""`flashlog demo` and `flashlog simulate`: routers that are not there."""

COMMANDS = ()
