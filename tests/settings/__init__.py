"""What pages of the settings share."""
