"""One module per monitoring tool: its bytes become our values."""
