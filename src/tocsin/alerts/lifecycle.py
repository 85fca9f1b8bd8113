"""The life of a group between its alerts, its pages and its incident: one table, from which decisions are made and the reference is written.

A cell says what a group becomes when something happens to it in some phase, and what is done. Whatever the table does not name cannot
happen: each phase has a cell for each happening. (docs/reference/alert-lifecycle.md is written from it by tools/lifecycle_table.py.) Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, get_args

from tocsin.alerts.group_model import Phase

Happening = Literal[
    "fires", "muted", "further", "worse", "louder", "due", "repeat", "acknowledged", "lapsed", "ended", "resolved", "unmuted", "over",
    "flaps", "calm", "calm_in_hand", "calm_ended", "linked", "incident_over",
]  # fmt: skip
Effect = Literal[
    "open", "reopen", "hold", "count", "page", "raise", "acknowledge", "lapse", "mute", "loosen", "resolve", "close", "flap", "stir", "settle", "link",
    "note", "leave",
]  # fmt: skip


class Cell(NamedTuple):
    """What a happening does in a phase."""

    to: Phase
    does: tuple[Effect, ...] = ()
    says: str = ""
    """For people; empty where nothing happens."""


PHASES: Final[tuple[Phase, ...]] = get_args(Phase)
HAPPENINGS: Final[tuple[Happening, ...]] = get_args(Happening)

PHASE_SAYS: Final[Mapping[Phase, str]] = {
    "new": "No alert of it has come yet.",
    "pending": "It fires, and nobody is called yet: it must fire for a while first, or more alerts must come.",
    "muted": "All of it that fires is silenced, under maintenance or inhibited. Nobody is called.",
    "firing": "It fires. People are called, or were, unless it is only recorded or its incident is worked on.",
    "acknowledged": "It fires, and a person is on it.",
    "flapping": "It ends and begins again all the time: it has called people once and stays quiet until it is calm.",
    "resolved": "Nothing of it fires. What fires again soon is the same group.",
    "closed": "It is over. What fires from now on is another group.",
}
HAPPENING_SAYS: Final[Mapping[Happening, str]] = {
    "fires": "an alert that may call people fires, where none did",
    "muted": "nothing that fires may call people any more",
    "further": "one more alert begins while others fire",
    "worse": "an alert of a worse level than before, at the same urgency",
    "louder": "an alert of a higher urgency than before",
    "due": "the hold-down is over and enough alerts have come, or what was held back may go",
    "repeat": "it still fires the route's `repeat` after the last page",
    "acknowledged": "a person says that they are on it, on the page, the group or the incident",
    "lapsed": "the acknowledgement has run out without an end",
    "ended": "the senders say that nothing fires any more, or the alerts' time ran out",
    "resolved": "a person ends it",
    "unmuted": "a person wants to be called in spite of what keeps it quiet",
    "over": "the time in which it could fire again has passed",
    "flaps": "it ended or began again once too often",
    "calm": "nothing changed for a while; it fires, and nobody is on it",
    "calm_in_hand": "nothing changed for a while; it fires, and a person is on it",
    "calm_ended": "nothing changed for a while, and nothing fires",
    "linked": "it is linked to an incident, or one is declared from it",
    "incident_over": "its incident is resolved, or has ended",
}
EFFECT_SAYS: Final[Mapping[Effect, str]] = {
    "open": "the group opens",
    "reopen": "the same group fires again",
    "hold": "hold-down and threshold begin (where the route has none: due at once)",
    "count": "the alert is counted towards the threshold",
    "page": "people are called (not where it is only recorded or its incident is worked on; held for the digest where the limit is reached)",
    "raise": "open pages say what is new",
    "acknowledge": "open pages are acknowledged",
    "lapse": "it counts as unacknowledged; the page itself calls again",
    "mute": "it is quiet; where a silence is the reason, open pages end",
    "loosen": "what kept it quiet no longer counts",
    "resolve": "open pages end",
    "close": "no alert joins it any more",
    "flap": "it stays quiet from now on; an open page stays open",
    "stir": "the calm begins anew",
    "settle": "it flaps no longer",
    "link": "it belongs to the incident, and so do its open pages",
    "note": "it is noted (pages of what is muted end with the incident)",
    "leave": "its pages end with the incident, and its senders have the route's `reopen` to say that it has ended; people are called at the latest then, "
    "and as soon as an alert of it is heard of again",
}


def _stays(phase: Phase) -> Cell:
    return Cell(phase)


_LINK: Final = (
    "Belonging to an incident changes nothing by itself; while the incident is worked on, further pages are not made unless it is louder."
)
_NEVER: Final = "An incident's end neither ends nor reopens a group."
_LEFT: Final = "An incident's end does not end what fires on: unless that ends soon by itself, people are called anew."

TABLE: Final[Mapping[Phase, Mapping[Happening, Cell]]] = {
    "new": {
        **{name: _stays("new") for name in HAPPENINGS},
        "fires": Cell("pending", ("open", "hold"), "The first alert opens it."),
        "muted": Cell("muted", ("open",), "The first alert opens it quietly: it is recorded, and nobody is called."),
    },
    "pending": {
        **{name: _stays("pending") for name in HAPPENINGS},
        "muted": Cell("muted", ("mute",), "Nobody had been called."),
        "further": Cell("pending", ("count",), "Counted, where the route has a threshold."),
        "worse": Cell("pending", ("raise",), "Remembered for the page."),
        "louder": Cell("pending", ("raise",), "Remembered for the page; the hold-down goes on."),
        "due": Cell("firing", ("page",), "Now people are called."),
        "acknowledged": Cell("acknowledged", ("acknowledge",), "Nobody need be called."),
        "ended": Cell("resolved", ("resolve",), "It was over before anybody was called."),
        "resolved": Cell("resolved", ("resolve",), "A person ended it before anybody was called."),
        "flaps": Cell("flapping", ("flap", "page"), "People are called once, and then it is quiet."),
        "linked": Cell("pending", ("link",), _LINK),
        "incident_over": Cell("pending", ("note",), _NEVER),
    },
    "muted": {
        **{name: _stays("muted") for name in HAPPENINGS},
        "fires": Cell("pending", ("loosen", "hold"), "What fires still when the quiet is over calls people now; the hold-down counts from its beginning."),
        "acknowledged": Cell("acknowledged", ("acknowledge",), "A person is on it, whatever comes of the quiet."),
        "ended": Cell("resolved", ("resolve",), "It was quiet to its end."),
        "resolved": Cell("resolved", ("resolve",), "A person ended it."),
        "unmuted": Cell("firing", ("loosen", "page"), "A person wants to be called."),
        "flaps": Cell("flapping", ("flap", "page"), "It may call people again; it does so once, and then it is quiet."),
        "linked": Cell("muted", ("link",), _LINK),
        "incident_over": Cell("muted", ("note",), _NEVER),
    },
    "firing": {
        **{name: _stays("firing") for name in HAPPENINGS},
        "muted": Cell("muted", ("mute",), "A silence ends the calling. Announced work and inhibition do not end what had begun."),
        "worse": Cell("firing", ("raise",), "Open pages say so."),
        "louder": Cell("firing", ("raise", "page"), "Open pages become more urgent; where none is open, people are called."),
        "due": Cell("firing", ("page",), "What was held back may go."),
        "repeat": Cell("firing", ("page",), "Called again, unless a page of it still goes its way."),
        "acknowledged": Cell("acknowledged", ("acknowledge",), "A person is on it."),
        "ended": Cell("resolved", ("resolve",), "It is over by itself."),
        "resolved": Cell("resolved", ("resolve",), "A person ended it, and all its alerts with it."),
        "unmuted": Cell("firing", ("loosen",), "Nothing keeps it quiet; nothing will."),
        "flaps": Cell("flapping", ("flap",), "The page that is open stays; nothing more is sent."),
        "linked": Cell("firing", ("link",), _LINK),
        "incident_over": Cell("pending", ("leave",), _LEFT),
    },
    "acknowledged": {
        **{name: _stays("acknowledged") for name in HAPPENINGS},
        "fires": Cell("acknowledged", ("loosen",), "A person is on it already."),
        "muted": Cell("acknowledged", ("mute",), "A person is on it; the quiet is noted."),
        "worse": Cell("acknowledged", ("raise",), "Open pages say so; whoever is on it is not called anew."),
        "louder": Cell("firing", ("raise", "page"), "More urgent than what was acknowledged: people are called."),
        "lapsed": Cell("firing", ("lapse",), "The page calls again."),
        "ended": Cell("resolved", ("resolve",), "It is over by itself."),
        "resolved": Cell("resolved", ("resolve",), "A person ended it, and all its alerts with it."),
        "unmuted": Cell("acknowledged", ("loosen",), "A person is on it already."),
        "flaps": Cell("flapping", ("flap",), "The person on it stays on it."),
        "linked": Cell("acknowledged", ("link",), _LINK),
        "incident_over": Cell("pending", ("leave",), _LEFT),
    },
    "flapping": {
        **{name: _stays("flapping") for name in HAPPENINGS},
        "fires": Cell("flapping", ("stir",), "Nobody is called; the calm begins anew."),
        "muted": Cell("flapping", ("stir",), "Nobody is called; the calm begins anew."),
        "ended": Cell("flapping", ("stir",), "Nobody is told; the calm begins anew."),
        "flaps": Cell("flapping", ("stir",), "It flaps already."),
        "worse": Cell("flapping", ("raise",), "Open pages say so."),
        "louder": Cell("flapping", ("raise", "page"), "More urgent than what people were called for: they are called."),
        "acknowledged": Cell("flapping", ("acknowledge",), "A person is on it; it stays quiet until it is calm."),
        "lapsed": Cell("flapping", ("lapse",), "The page calls again."),
        "resolved": Cell("resolved", ("settle", "resolve"), "A person ended it, and all its alerts with it."),
        "unmuted": Cell("firing", ("settle", "loosen", "page"), "A person wants to be called."),
        "calm": Cell("firing", ("settle",), "It fires on; the page that was sent for it stays open."),
        "calm_in_hand": Cell("acknowledged", ("settle",), "It fires on, and a person is on it."),
        "calm_ended": Cell("resolved", ("settle", "resolve"), "It is over by itself."),
        "linked": Cell("flapping", ("link",), _LINK),
        "incident_over": Cell("flapping", ("note",), _NEVER),
    },
    "resolved": {
        **{name: _stays("resolved") for name in HAPPENINGS},
        "fires": Cell("pending", ("reopen", "hold"), "Fires again: the same group, and people are called anew."),
        "muted": Cell("muted", ("reopen",), "Fires again, quietly."),
        "over": Cell("closed", ("close",), "It is over for good."),
        "flaps": Cell("flapping", ("flap", "page"), "Fires again once too often: people are called once, and then it is quiet."),
        "linked": Cell("resolved", ("link",), _LINK),
        "incident_over": Cell("resolved", ("note",), _NEVER),
    },
    "closed": {
        **{name: _stays("closed") for name in HAPPENINGS},
        "linked": Cell("closed", ("link",), "It is noted where it belonged."),
        "incident_over": Cell("closed", ("note",), _NEVER),
    },
}  # fmt: skip


def cell(phase: Phase, happening: Happening) -> Cell:
    """Return what a happening does in a phase."""
    return TABLE[phase][happening]


def reference() -> str:
    """Return the table as the reference document shows it (Markdown)."""
    lines = ["| phase | means |", "|---|---|", *(f"| **{phase}** | {PHASE_SAYS[phase]} |" for phase in PHASES), ""]
    lines += ["| happening | means |", "|---|---|", *(f"| {_words(name)} | {HAPPENING_SAYS[name]} |" for name in HAPPENINGS), ""]
    lines += ["| what is done | means |", "|---|---|", *(f"| {name} | {says} |" for name, says in EFFECT_SAYS.items()), ""]
    lines += ["## The whole table", "", f"| happening | {' | '.join(PHASES)} |", "|---" * (len(PHASES) + 1) + "|"]
    lines += [f"| {_words(name)} | {' | '.join(_short(phase, TABLE[phase][name]) for phase in PHASES)} |" for name in HAPPENINGS]
    for phase in PHASES:
        told = [(name, one) for name in HAPPENINGS if (one := TABLE[phase][name]).does or one.to != phase]
        if not told:
            continue
        lines += ["", f"## {phase.capitalize()}", "", PHASE_SAYS[phase], "", "| when | becomes | done | because |", "|---|---|---|---|"]
        lines += [f"| {_words(name)} | {one.to} | {', '.join(one.does)} | {one.says} |" for name, one in told]
        lines += ["", "Everything else leaves it as it is."]
    return "\n".join(lines) + "\n"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _short(phase: Phase, one: Cell) -> str:
    done = ", ".join(one.does)
    if one.to == phase:
        return done or "·"
    return f"→ {one.to}" + (f": {done}" if done else "")
