"""What the pages of the settings share: how forms say several things, and what changed between two versions."""
