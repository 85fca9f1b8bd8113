"""The command line of paging."""
