"""The end of a demonstration: durations with where they begin and end, what the procedure claims instead, duties, claims."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tocsin.drills.player import Server
from tocsin.drills.verbs import API

_REFUSED: Final = 400
_SETTLED: Final = ("kept", "late", "missed", "waived", "void")


def show(console: Console, server: Server, incident: str) -> None:
    """Print the numbers of an incident that has been played."""
    console.print()
    if measured := _get(server, f"/incidents/{incident}/metrics"):
        _durations(console, measured["metrics"])
        _figures(console, measured.get("figures", []))
    view = _get(server, f"/incidents/{incident}")
    if view:
        _duties(console, view["obligations"])
    if claims := _get(server, f"/incidents/{incident}/postmortem/claims"):
        _claims(console, claims)
    if view:
        console.print(f"{incident} is {view['stage_name'].lower()}.", style="bold")


def _get(server: Server, path: str) -> Any:
    status, answer = server.call("GET", API + path)
    return answer if status < _REFUSED else None


def _durations(console: Console, metrics: list[dict[str, Any]]) -> None:
    table = _table(console, "Numbers, each from one moment of the record to another")
    table.add_column("Metric")
    table.add_column("Value", style="bold", no_wrap=True)
    table.add_column("From, to")
    table.add_column("The procedure says", style="dim")
    for metric in metrics:
        value = str(metric["text"]) if metric.get("available", True) else "not available"
        where = metric.get("definition", "") if metric.get("available", True) else metric.get("reason", "")
        if metric["form"] == "duration" and metric.get("from_at") and metric.get("to_at"):
            where = (
                f"{metric['start'].replace('_', ' ')} {_hm(metric['from_at'])} → {metric['end'].replace('_', ' ')} {_hm(metric['to_at'])}"
            )
        claim = f"{metric['claims']}: {metric.get('claims_because', '')}" if metric.get("claims") else ""
        table.add_row(metric["name"], value, where, claim)
    _print(console, table)


def _figures(console: Console, figures: list[dict[str, Any]]) -> None:
    if not figures:
        return
    table = _table(console, "Impact")
    table.add_column("Figure")
    table.add_column("Value", style="bold")
    table.add_column("Source", style="dim")
    for figure in figures:
        table.add_row(figure["name"], figure["text"], figure["source"])
    _print(console, table)


def _duties(console: Console, duties: list[dict[str, Any]]) -> None:
    counts = {state: sum(1 for duty in duties if duty["state"] == state) for state in _SETTLED}
    said = ", ".join(f"{number} {state}" for state, number in counts.items() if number)
    still = sum(1 for duty in duties if duty["state"] not in _SETTLED)
    console.print(Text("Duties: ", style="bold").append(said + (f", {still} still ahead" if still else ""), style=""))
    for duty in duties:
        if duty["state"] in ("late", "missed", "overdue"):
            console.print(Text(f"  {duty['state']:<8} {duty['name']} (due {_hm(duty['due_at'])})", style="yellow"), soft_wrap=True)
    console.print()


def _claims(console: Console, claims: dict[str, Any]) -> None:
    found = claims["claims"]
    console.print(Text("Sentences that the record does not bear out: ", style="bold").append(str(len(found)), style=""))
    for claim in found:
        console.print(Text(f"  “{claim['quoted']}”  ").append(f"The record: {claim['record']}", style="yellow"), soft_wrap=True)
    console.print()


def _table(console: Console, title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", header_style="dim", box=None, padding=(0, 2, 0, 0))


def _print(console: Console, table: Table) -> None:
    console.print(table)
    console.print()


def _hm(moment: Any) -> str:
    return f"{datetime.fromisoformat(str(moment)):%H:%M}"
