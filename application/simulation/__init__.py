"""A fleet of simulated routers: the other side of SSH, for rehearsals and tests."""
