"""Notifications by an ntfy server."""
