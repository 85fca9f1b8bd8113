"""The public status page: components, what the public was told, maintenance, history, subscribers, feeds."""
