"""Schedules: rotations, overrides, swaps, coverage, calendars, hand-off."""
