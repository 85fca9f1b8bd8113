"""Whom an incident calls: those whom its severity names when it is declared or raised, and those whom the playbook's escalations name."""
