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


def show(console: Console, server: Server, incident: str) -> None:
    """Print the numbers of an incident that has been played. What the server does not offer is left out."""
    console.print()
    if measured := _get(server, f"/incidents/{incident}/metrics"):
        _durations(console, measured["metrics"])
        _figures(console, measured["figures"])
        _otherwise(console, measured["metrics"])
    if adherence := _get(server, f"/incidents/{incident}/adherence"):
        _duties(console, adherence)
    if claims := _get(server, f"/incidents/{incident}/postmortem/claims"):
        _claims(console, claims)
    if view := _get(server, f"/incidents/{incident}"):
        console.print(f"{incident} is {view['stage_name'].lower()}.", style="bold")


def _get(server: Server, path: str) -> Any:
    status, answer = server.call("GET", API + path)
    return answer if status < _REFUSED else None


def _durations(console: Console, metrics: list[dict[str, Any]]) -> None:
    table = _table("Numbers")
    table.add_column("Metric")
    table.add_column("Value", style="bold", no_wrap=True)
    table.add_column("From")
    table.add_column("To")
    for metric in metrics:
        if not metric.get("available", True):
            table.add_row(metric["name"], "not available", Text(str(metric.get("reason", "")), style="dim"), "")
        elif metric["form"] == "duration":
            table.add_row(metric["name"], metric["text"], _where(metric, "from_at", "start"), _where(metric, "to_at", "end"))
        else:
            table.add_row(metric["name"], metric["text"], Text(str(metric["definition"]), style="dim"), "")
    console.print(table)
    console.print()


def _where(metric: dict[str, Any], at: str, milestone: str) -> Text:
    return Text(f"{_hm(metric[at])} ").append(str(metric[milestone]).replace("_", " "), style="dim")


def _otherwise(console: Console, metrics: list[dict[str, Any]]) -> None:
    """Print where the procedure itself states another figure, and why."""
    claimed = [metric for metric in metrics if metric.get("claims")]
    if not claimed:
        return
    console.print("Where the procedure says otherwise", style="bold")
    for metric in claimed:
        said = Text(f"  {metric['name']}: it claims {metric['claims']}, the record has {metric['text']}. ")
        console.print(said.append(str(metric.get("claims_because", "")), style="dim"), soft_wrap=not console.is_terminal)
    console.print()


def _figures(console: Console, figures: list[dict[str, Any]]) -> None:
    if not figures:
        return
    table = _table("Impact")
    table.add_column("Figure")
    table.add_column("Value", style="bold")
    table.add_column("Source", style="dim")
    for figure in figures:
        table.add_row(figure["name"], figure["text"], figure["source"])
    console.print(table)
    console.print()


def _duties(console: Console, adherence: dict[str, Any]) -> None:
    total = adherence["total"]
    counts = ", ".join(f"{total[state]} {state}" for state in ("kept", "late", "missed", "waived", "open", "overdue") if total.get(state))
    score = f"; {total['score']:.0%} of those that were due" if total.get("score") is not None else ""
    console.print(Text("Duties: ", style="bold").append(f"{counts or 'none'}{score}", style="not bold"))
    for duty in adherence["obligations"]:
        if duty["state"] in ("late", "missed", "overdue"):
            console.print(Text(f"  {duty['state']:<8} {duty['name']} (due {_hm(duty['due_at'])})", style="yellow"), soft_wrap=True)
    console.print()


def _claims(console: Console, claims: dict[str, Any]) -> None:
    found = claims["claims"]
    console.print(Text("Sentences that the record does not bear out: ", style="bold").append(str(len(found)), style="not bold"))
    for claim in found:
        said = Text(f"  “{claim['quoted']}”  ").append(f"The record: {claim['record']}", style="yellow")
        console.print(said, soft_wrap=not console.is_terminal)
    console.print()


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", header_style="dim", box=None, padding=(0, 2, 0, 0))


def _hm(moment: Any) -> str:
    return f"{datetime.fromisoformat(str(moment)):%H:%M}"
