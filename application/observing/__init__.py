"""What work is marked with while it is done: in lines of the log and in traces."""
