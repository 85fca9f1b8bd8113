"""The alerts' share of one of the committer's transactions: what it gathers, how it judges, what it tells groups and incidents."""
