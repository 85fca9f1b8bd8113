"""Publish a document into a folder."""
