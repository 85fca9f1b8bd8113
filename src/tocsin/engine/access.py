"""Who is behind the work of this task or thread, so that no way to commit a command goes past the question whether they may.

The web shell says who it is as soon as a request's sender is known; the runtime asks whenever something is committed on their behalf. Timers,
reactions and the intake have nobody behind them and are not asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from tocsin.engine.model import Command, Viewer

_behind: ContextVar[tuple[Viewer, str] | None] = ContextVar("tocsin_viewer", default=None)


class Rule(Protocol):
    """Judges whether a viewer may have a command carried out on a record. find: the state of any stream; None where it has no facts."""

    def __call__(self, viewer: Viewer, kind: str, record: str, command: Command, find: Callable[[str], Any]) -> bool:
        """Return where they may; true: it is a change of how the house works, whose fact says from where it came.

        Raises:
            NotAllowed: they may not.

        """
        ...


def behind() -> tuple[Viewer, str] | None:
    """Return who is behind the work under way, and where they are on the network; None: nobody, it is the product's own."""
    return _behind.get()


@contextmanager
def on_behalf(viewer: Viewer, address: str = "") -> Iterator[None]:
    """Do the work of the block on behalf of somebody; threads that it starts by ``asyncio.to_thread`` take part."""
    token = _behind.set((viewer, address))
    try:
        yield
    finally:
        _behind.reset(token)
