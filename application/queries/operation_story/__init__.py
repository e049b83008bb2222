"""One operation as its own events tell it, now or as of any of them."""
