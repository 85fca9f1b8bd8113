"""Publish a document into a git repository."""
