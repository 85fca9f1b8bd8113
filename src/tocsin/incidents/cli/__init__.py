"""The command line of incidents: one module per group of commands, loaded when it is used."""
