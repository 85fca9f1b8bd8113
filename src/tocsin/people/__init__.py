"""People and teams as versioned facts."""
