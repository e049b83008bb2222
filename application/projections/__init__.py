"""Read models built from the log: disposable, and equal after every rebuild."""
