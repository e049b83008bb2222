"""What happens, told as it happens: one follower of the log for a whole process."""
