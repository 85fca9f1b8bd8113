"""What a demonstration prints: the clock, who, what; messages as they go out; duties; gates; at the end the numbers.

Colours and columns on a terminal, plain lines in a pipe.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from tocsin.drills.model import Scenario, Step
from tocsin.drills.player import Played, Server
from tocsin.drills.run import messages_of

_KINDS: Final = {
    "OBSERVATION": "cyan", "DECISION": "bold magenta", "ACTION": "bold green", "RECOMMENDATION": "yellow", "NOTIFICATION": "blue",
    "ASSESSMENT": "cyan", "HYPOTHESIS": "yellow", "EVENT": "cyan",
}  # fmt: skip
_FACTS: Final[dict[str, tuple[str, str]]] = {
    "incident.declared": ("DECLARED", "bold red"), "incident.acknowledged": ("ACKNOWLEDGED", "bold"), "incident.stage_moved": ("STAGE", "bold"),
    "incident.severity_changed": ("SEVERITY", "bold red"), "incident.role_assigned": ("ROLE", "bold blue"), "incident.person_invited": ("CALLED", "blue"),
    "incident.person_joined": ("JOINED", "blue"), "incident.mitigation_started": ("MITIGATION", "green"), "incident.mitigation_completed": ("MITIGATION", "green"),
    "incident.mitigation_verified": ("MITIGATION", "bold green"), "incident.check_ticked": ("VERIFIED", "green"), "incident.check_waived": ("WAIVED", "bold yellow"),
    "incident.update_posted": ("MESSAGE", "blue"), "incident.obligation_warned": ("DUE SOON", "yellow"), "incident.obligation_breached": ("OVERDUE", "bold red"),
    "incident.obligation_done": ("DONE", "green"), "incident.obligation_waived": ("WAIVED", "yellow"), "incident.escalated": ("ESCALATED", "bold red"),
    "incident.milestone_set": ("MILESTONE", "magenta"), "incident.alert_linked": ("ALERT", "red"), "incident.alert_changed": ("ALERT", "red"),
    "incident.postmortem_moved": ("POSTMORTEM", "bold"), "incident.figure_recorded": ("FIGURE", "magenta"), "incident.window_restarted": ("RELAPSE", "bold red"),
    "incident.delivery_failed": ("NOT SENT", "bold red"),
}  # fmt: skip
_QUIET: Final = frozenset({"person", "team", "service", "look", "wait", "log", "tick", "waive"})
"""Verbs that print nothing of their own when they succeed: the timeline says it."""
_LONGEST_BODY: Final = 40


class Screen:
    """Prints a scenario while it is played. It reads the public API and the folder in which messages are left."""

    def __init__(self, console: Console, server: Server, outbox: Path) -> None:
        self._console = console
        self._server = server
        self._outbox = outbox
        self._seen: set[int] = set()
        self._sent: set[str] = set()
        self._duties: dict[str, str] = {}
        self._day = ""

    # -- what happens -----------------------------------------------------------------------------

    def opening(self, scenario: Scenario) -> None:
        """Print what is about to be played."""
        people = ", ".join(
            f"{someone.name or someone.id} ({someone.does})" if someone.does else someone.name for someone in scenario.people
        )
        lines = [Text(scenario.note.strip(), style="dim")] if scenario.note else []
        body: RenderableType = Group(Text(f"{scenario.title}", style="bold"), Text(f"Playbook {scenario.playbook}; {people}"), *lines)
        self._console.print(Panel(body, title="A drill on a virtual clock", border_style="dim") if self._console.is_terminal else body)

    def arrived(self, step: Step, incident: str) -> None:
        """Print what happened by itself until the step: duties, escalations, their messages."""
        day = _day(step.at)
        if day != self._day:
            self._day = day
            self._console.print()
            self._console.rule(day, style="dim", align="left") if self._console.is_terminal else self._console.print(f"== {day} ==")
        self.catch_up(step.at, incident)

    def after(self, played: Played, incident: str) -> None:
        """Print a step and what came of it."""
        step = played.step
        if step.tell:
            self._line(step.at, "", "", Text(step.tell, style="italic"))
        if played.wrong:
            self._line(step.at, step.actor, "WRONG", Text(played.wrong, style="bold red"), "bold red")
        elif played.refused:
            self._refused(step, played.answer)
        elif step.do == "alert":
            self._alert(step)
        elif step.do == "acknowledge_alert":
            self._line(step.at, step.actor, "ACKNOWLEDGED", Text("the alert"), "bold")
        elif step.do in ("action", "action_done"):
            self._action(step, played.answer)
        self._server.advance(step.at)
        self.catch_up(step.at, incident)

    def catch_up(self, now: datetime, incident: str) -> None:
        """Print every line of the timeline, message and kept duty that is new."""
        if incident:
            for line in sorted(self._server.get(f"/incidents/{incident}/timeline"), key=lambda line: int(line["fact"])):
                if line["fact"] not in self._seen:
                    self._seen.add(line["fact"])
                    self._timeline(line)
        for _, message in messages_of(self._outbox, known=self._sent):
            self._message(message)
        if incident:
            self._kept(now, self._server.get(f"/incidents/{incident}")["obligations"])

    def _timeline(self, line: dict[str, Any]) -> None:
        kind = str(line["kind"])
        if line.get("entry"):
            name, style = kind, _KINDS.get(kind, "")
        elif kind in _FACTS:
            name, style = _FACTS[kind]
        else:
            name, style = "", "dim"
        text = Text(str(line["text"]), style="" if line.get("entry") else "dim" if not style or style == "dim" else "")
        data = line.get("data") or {}
        if reading := data.get("reading"):
            text.append(f"  [{reading['measure']} {reading['value']:g}{' ' + reading['unit'] if reading.get('unit') else ''}]", style="dim")
        for conflict in data.get("conflicts") or []:
            text.append(f"  {conflict}", style="yellow")
        self._line(_moment(line["at"]), str(line["by"]), name, text, style)

    def _message(self, message: dict[str, Any]) -> None:
        head = Text("→ ", style="blue").append(str(message["to"]), style="bold blue")
        if message.get("subject"):
            head.append(f": {message['subject']}")
        self._indented(head, 7)
        lines = str(message.get("body", "")).strip().splitlines()
        shown = lines[:_LONGEST_BODY] + ([f"… {len(lines) - _LONGEST_BODY} more lines"] if len(lines) > _LONGEST_BODY else [])
        for line in shown:
            self._indented(Text(f"│ {line}", style="dim"), 9)

    def _kept(self, now: datetime, duties: list[dict[str, Any]]) -> None:
        for duty in duties:
            before, state = self._duties.get(duty["id"]), duty["state"]
            self._duties[duty["id"]] = state
            if before == state:
                continue
            due = _moment(duty["due_at"])
            when = f"{due:%H:%M}" if due.date() == now.date() else f"{due:%d %b %H:%M}"
            match state:
                case "kept":
                    self._line(now, "", "KEPT", Text(f"{duty['name']} (due {when})", style="dim"), "green")
                case "late":
                    self._line(now, "", "LATE", Text(f"{duty['name']} (was due {when})", style="dim"), "yellow")
                case "missed":
                    self._line(now, "", "MISSED", Text(f"{duty['name']} (was due {when})", style="dim"), "red")

    def _refused(self, step: Step, answer: Any) -> None:
        problem = answer if isinstance(answer, dict) else {}
        missing = problem.get("missing", [])
        said = str(problem.get("detail", ""))
        self._line(step.at, step.actor, "REFUSED", Text(said.partition(":")[0] + ". Still wanted:" if missing else said), "bold yellow")
        for one in missing:
            self._indented(Text(f"- {one}", style="yellow"), 9)

    def _indented(self, text: Text, by: int) -> None:
        if self._console.is_terminal:
            self._console.print(Padding(text, (0, 0, 0, by), expand=False))
        else:
            self._console.print(" " * by + text.plain, soft_wrap=True, highlight=False, markup=False)

    def _alert(self, step: Step) -> None:
        for alert in step.body["payload"].get("alerts", []):
            notes = alert.get("annotations", {})
            self._line(
                step.at,
                "monitoring",
                f"ALERT {alert['status']}",
                Text(notes.get("summary") or alert["labels"].get("alertname", "")),
                "bold red",
            )

    def _action(self, step: Step, answer: Any) -> None:
        shown = answer if isinstance(answer, dict) else {}
        if step.do == "action":
            text = Text(f"{step.body['title']} ({step.body.get('owner', 'nobody')}, {step.body.get('due', 'no date')})")
            for problem in shown.get("problems", []):
                text.append(f"  {problem['says']}", style="yellow")
            self._line(step.at, step.actor, "ACTION ITEM", text, "bold green")
        else:
            self._line(step.at, step.actor, "ITEM DONE", Text(str(step.body.get("evidence", ""))), "green")

    def _line(self, at: datetime, who: str, kind: str, text: Text, style: str = "") -> None:
        clock = f"{at:%H:%M}" if self._day in ("", _day(at)) else f"{at:%d %b}"
        if not self._console.is_terminal:
            self._console.print(f"{clock:<6}  {who:<11} {kind:<15} {text.plain}", soft_wrap=True, highlight=False, markup=False)
            return
        row = Table.grid(padding=(0, 2))
        row.add_column(width=6, no_wrap=True)
        row.add_column(width=11, no_wrap=True)
        row.add_column(width=15, no_wrap=True)
        row.add_column()
        row.add_row(Text(clock, style="dim"), Text(who, style="bold"), Text(kind, style=style), text)
        self._console.print(row)


def _day(at: datetime) -> str:
    return f"{at:%A}, {at.day} {at:%B %Y}"


def _moment(text: Any) -> datetime:
    return datetime.fromisoformat(str(text))
