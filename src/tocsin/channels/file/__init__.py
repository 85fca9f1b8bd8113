"""Leave each message as a JSON file in a folder."""
