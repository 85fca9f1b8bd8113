"""The policy language: a playbook holds every severity, number, role, cadence, gate and message of a team's procedure."""
