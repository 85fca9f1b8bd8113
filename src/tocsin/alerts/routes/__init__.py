"""Routes as a record: files of them, the ones that ship, and what the catalogue knows of the services that alerts name."""
