"""Drills: scenarios as data, played through the public API on a virtual clock."""
