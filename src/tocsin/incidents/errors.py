"""Why an incident refuses a command."""

from __future__ import annotations

from collections.abc import Iterable

from tocsin.engine.errors import Conflict, Refused


class UnknownWord(Refused):
    """A word that the playbook does not have."""

    code = "incident.unknown_word"

    def __init__(self, field: str, value: str, known: Iterable[str]) -> None:
        words = ", ".join(known)
        fix = (
            f"Write one of: {words}." if words else "The playbook names none of its kind; add it there, or write what you know as an entry."
        )
        super().__init__(f"{field} {value!r} is not in the playbook.", fix=fix, field=field)


class Ended(Conflict):
    """The incident is closed, dismissed or merged."""

    code = "incident.ended"

    def __init__(self, incident: str, stage: str, merged_into: str = "") -> None:
        fix = f"Write to {merged_into}, which it was merged into." if merged_into else "Reopen it first, or write to the postmortem."
        super().__init__(f"{incident} has ended ({stage}).", fix=fix)


class GateUnmet(Conflict):
    """A gate still wants something."""

    code = "incident.gate_unmet"

    def __init__(self, gate: str, missing: Iterable[str]) -> None:
        self.missing = [one.removesuffix(".") for one in missing]
        super().__init__(
            f"The gate {gate!r} is not met: {'; '.join(self.missing)}.",
            fix="Tick what is verified (`tocsin check list` shows the ids), or waive an item with a reason.",
            field="stage",
        )


class NoWay(Conflict):
    """The playbook has no such transition."""

    code = "incident.no_way"

    def __init__(self, stage: str, to: str, ways: Iterable[str]) -> None:
        super().__init__(
            f"There is no way from {stage} to {to}.", fix=f"From {stage} one can go to: {', '.join(ways) or 'nowhere'}.", field="stage"
        )


class NotYet(Refused):
    """A time in the future."""

    code = "incident.future"

    def __init__(self, field: str, at: str, now: str) -> None:
        super().__init__(f"{field} {at} is in the future (it is {now}).", fix="Give the time at which it happened.", field=field)
