"""The service: web, runner and projector, kept up by one process."""
