"""Try a request out: what alerts it would become, without taking it in."""
