"""Print messages where the server runs."""
