"""The routes that ship with the product."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

from tocsin.alerts.route_model import SaveRoutes
from tocsin.alerts.routes.load import load_routes


@lru_cache(maxsize=1)
def shipped() -> SaveRoutes:
    """Return the routes that an installation begins with."""
    return load_routes(shipped_text(), "default.yaml")


def shipped_text() -> str:
    """Return their file."""
    return resources.files("tocsin.alerts.routes").joinpath("default.yaml").read_text(encoding="utf-8")
