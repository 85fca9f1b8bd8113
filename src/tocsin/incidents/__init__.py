"""The record of an incident: events, state, decisions, milestones, obligations, gates, roles, process health."""
