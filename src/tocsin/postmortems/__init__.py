"""The postmortem: drafted from the record, completed by people, checked against the record, signed and published."""
