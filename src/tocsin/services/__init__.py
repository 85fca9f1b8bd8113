"""The service catalogue: owner team, default playbook, links, other names."""
