"""Changes: deployments, builds and planned work, kept to be seen beside alerts; they never call anybody."""
