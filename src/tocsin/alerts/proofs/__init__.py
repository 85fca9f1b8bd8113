"""Signed requests: what was signed is checked outside the request, and what waits for that is let through afterwards."""
