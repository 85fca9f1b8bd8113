"""Groups of alerts as records: tables, reads, the kind that the engine runs, the API and the command line."""
