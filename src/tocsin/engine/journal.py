"""Plain append-only rows that a package keeps itself, in the committer's own transactions: for what is too many to be facts."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from tocsin.engine.model import Actor, Command, Reader


class Transaction(Reader, Protocol):
    """What a draft may use of the transaction that it is part of."""

    connection: Any
    """The connection that writes (SQLAlchemy)."""

    def run(self, stream: str, command: Command, actor: Actor) -> dict[str, Any]:
        """Apply a command to a record, with all that follows from it.

        Raises:
            Refused: it cannot be carried out; nothing of it was gathered.

        """
        ...

    def attempt(self, stream: str, command: Command, actor: Actor) -> Exception | None:
        """Apply a command whose failure must not matter; return why it failed. Nothing of a failed one was gathered."""
        ...


class Draft(Protocol):
    """A journal's share of one transaction. Nothing of it is seen outside before the commit; a draft that is not committed is dropped."""

    def take(self, entry: Any) -> Any:
        """Take one submitted entry and return its answer.

        Raises:
            Refused: it cannot be taken; nothing of it was gathered.

        """
        ...

    def command(self, record: str, command: Command, actor: Actor) -> dict[str, Any]:
        """Carry out a command on one of the journal's rows; the record "" is the journal itself, which gets its ``Tick`` so.

        Raises:
            Refused: it cannot be carried out; nothing of it was gathered.

        """
        ...

    def mark(self) -> Any:
        """Return how much was gathered so far, to go back to it."""
        ...

    def back_to(self, mark: Any) -> None:
        """Forget what was gathered after the mark; None stands for the very beginning."""
        ...

    def flush(self) -> None:
        """Write what was gathered, one statement per table; may be called several times."""
        ...

    def wake(self) -> datetime | None:
        """Return when the journal next wants a ``Tick``; asked once, before the commit."""
        ...

    def news(self) -> bool:
        """Tell whether people see anything new in what was gathered; asked once, before the commit. A repeat that is only counted is none."""
        ...

    def committed(self) -> None:
        """Make what was written known to the journal's indexes; called after the commit, and only then."""
        ...


class Journal(Protocol):
    """A package's rows, with the indexes over them that it keeps in memory."""

    name: str

    def load(self, connection: Any, now: datetime) -> None:
        """Build the indexes anew from the rows: at the start, and after a transaction that failed to commit."""
        ...

    def draft(self, transaction: Transaction) -> Draft:
        """Begin the journal's share of a transaction."""
        ...
