"""The playbooks that ship with the product."""
