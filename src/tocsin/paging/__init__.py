"""Escalation policies, pages, contact rules, reachability: who is called, in which order, until somebody answers."""
