"""The shell of the HTTP interface: endpoints, problems, who is asking, page layout."""
