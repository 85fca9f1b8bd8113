"""Silences, maintenance windows and inhibition as records: what keeps alerts from calling people."""
