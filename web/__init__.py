"""HTTP, WebSocket and the command line: the ways people and programs reach Flashlog."""
