"""What runs it all: clock, event log, committer, timers, outbox, reactions, live feed. It knows no capability."""
