"""Heartbeats: jobs and hosts that report at intervals. Silence is the alert."""
