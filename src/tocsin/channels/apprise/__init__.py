"""Everything that Apprise reaches."""
