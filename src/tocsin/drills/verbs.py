"""The verbs of a scenario: each is one call of the public API. A step's other keys are the body of that call.

A name in braces in a path is taken from the step's own keys first, then from what earlier steps saved.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from tocsin.actions import commands as a
from tocsin.incidents import commands as c
from tocsin.people.model import SavePerson, SaveTeam
from tocsin.postmortems import commands as p
from tocsin.services.model import SaveService

API: Final = "/api/v1"
INCIDENT: Final = f"{API}/incidents/{{incident}}"
NAMED: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")


class Verb(msgspec.Struct, frozen=True):
    """One call of the API. ``body``: the command whose fields the step may use; None where any are taken."""

    method: str
    path: str
    says: str
    body: type[Any] | None = None
    sends: str = ""
    """The one key whose value is the whole body."""
    saves: dict[str, str] = {}
    """What is kept of every answer: name -> dotted path."""

    @property
    def needs(self) -> tuple[str, ...]:
        """The names in the path."""
        return tuple(NAMED.findall(self.path))


def _on_incident(path: str, body: type[Any], says: str, **saves: str) -> Verb:
    return Verb("POST", f"{INCIDENT}/{path}", says, body, saves=saves)


VERBS: Final[dict[str, Verb]] = {
    # what stands before an incident
    "person": Verb("POST", f"{API}/people/{{id}}", "writes down a person", SavePerson),
    "team": Verb("POST", f"{API}/teams/{{id}}", "writes down a team", SaveTeam),
    "service": Verb("POST", f"{API}/services/{{id}}", "writes down a service", SaveService),
    "alert": Verb("POST", "/intake/alertmanager/{intake_key}", "sends an alert", sends="payload"),
    "acknowledge_alert": Verb("POST", f"{API}/alerts/{{alert}}/acknowledge", "acknowledges the alert"),
    # the incident
    "declare": Verb("POST", f"{API}/incidents", "declares an incident", c.Declare, saves={"incident": "incident"}),
    "change": _on_incident("update", c.Update, "changes the details"),
    "severity": _on_incident("severity", c.ChangeSeverity, "changes the severity"),
    "mark": _on_incident("marks", c.SetMark, "sets a circumstance"),
    "acknowledge": _on_incident("acknowledge", c.Acknowledge, "acknowledges"),
    "role": _on_incident("roles", c.AssignRole, "gives a role"),
    "vacate": _on_incident("roles/vacate", c.VacateRole, "takes a role back"),
    "invite": _on_incident("invitations", c.Invite, "calls people in"),
    "join": _on_incident("participants", c.Join, "joins"),
    "log": _on_incident("entries", c.LogEntry, "writes an entry", entry="entry"),
    "correct": _on_incident("entries/correct", c.CorrectEntry, "corrects an entry"),
    "assess": _on_incident("assessment", c.Assess, "writes the assessment"),
    "mitigate": _on_incident("mitigations", c.StartMitigation, "begins a mitigation", mitigation="mitigation"),
    "mitigated": _on_incident("mitigations/complete", c.CompleteMitigation, "has a mitigation in place"),
    "verified": _on_incident("mitigations/verify", c.VerifyMitigation, "says whether a mitigation helped"),
    "milestone": _on_incident("milestones", c.SetMilestone, "states a milestone"),
    "stage": _on_incident("stage", c.MoveStage, "moves to another stage"),
    "relapse": _on_incident("relapse", c.Relapse, "reports a relapse"),
    "tick": _on_incident("checks/tick", c.Tick, "verifies a criterion"),
    "waive": _on_incident("checks/waive", c.Waive, "waives a criterion"),
    "tell": _on_incident("updates", c.PostUpdate, "tells an audience"),
    "figure": _on_incident("figures", c.RecordFigure, "records a figure"),
    "link_alert": _on_incident("alerts", c.LinkAlert, "links an alert"),
    "link": _on_incident("links", c.AddLink, "names a record elsewhere"),
    "done": _on_incident("obligations/done", c.MarkDone, "meets a duty"),
    "resolve": _on_incident("resolve", c.Resolve, "resolves"),
    "close": _on_incident("close", c.Close, "closes"),
    "reopen": _on_incident("reopen", c.Reopen, "reopens"),
    # afterwards
    "postmortem": Verb("POST", f"{INCIDENT}/postmortem", "drafts the postmortem", p.Draft),
    "section": Verb("POST", f"{INCIDENT}/postmortem/sections", "writes a section of the postmortem", p.EditSection),
    "review": Verb("POST", f"{INCIDENT}/postmortem/review", "gives the postmortem to its readers", p.StartReview),
    "met": Verb("POST", f"{INCIDENT}/postmortem/met", "holds the review", p.HoldMeeting),
    "approve": Verb("POST", f"{INCIDENT}/postmortem/approve", "signs the postmortem", p.Approve),
    "publish": Verb("POST", f"{INCIDENT}/postmortem/publish", "publishes the postmortem", p.Publish),
    "action": Verb("POST", f"{INCIDENT}/actions", "opens an action item", a.NewAction, saves={"action": "action"}),
    "action_change": Verb("POST", f"{API}/actions/{{action}}/update", "changes an action item", a.UpdateAction),
    "action_done": Verb("POST", f"{API}/actions/{{action}}/done", "finishes an action item", a.FinishAction),
    "action_drop": Verb("POST", f"{API}/actions/{{action}}/drop", "drops an action item", a.DropAction),
    # looking
    "look": Verb("GET", "{path}", "looks"),
    "wait": Verb("", "", "lets the time pass"),
}
"""Word -> call. ``wait`` is none: the clock alone moves on."""

TIMES: Final = frozenset({"at", "started_at", "detected_at", "when", "until", "next_at"})
"""Keys of a body that hold moments; a bare clock time there is one of the scenario's day."""
