"""The fleet as a whole: what it runs, what has changed, who ran what for how long."""
