"""The scenarios that ship with the product, one YAML file each."""
