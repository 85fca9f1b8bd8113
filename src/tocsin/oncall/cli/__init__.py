"""``tocsin oncall``: who is on call, and everything around it."""
