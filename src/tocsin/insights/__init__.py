"""The numbers behind reports: durations, counts, adherence, process health, and what they come to over many incidents."""
