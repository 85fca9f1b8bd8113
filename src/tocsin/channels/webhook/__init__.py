"""Publish a document to a signed webhook."""
