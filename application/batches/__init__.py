"""Mass upgrades: who is upgraded, and their operations made in the background."""
