"""Search across everything that people wrote: incidents, timelines, updates, postmortems, action items, runbooks, services, people."""
