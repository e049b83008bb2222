"""What Flashlog does: commands, the upgrade procedure, runners, projections, feed."""
