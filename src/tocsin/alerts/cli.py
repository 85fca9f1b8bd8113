"""``tocsin alert`` and ``tocsin receipt``: what monitoring has reported, and what became of each request."""

from __future__ import annotations

from typing import Any

import click

from tocsin.cli import output
from tocsin.cli.shell import Session, at_options, group, pass_session

alert = group("alert", "What monitoring has reported.")
receipt = group("receipt", "What senders have sent, and what became of it.")

_LIMIT = click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 500))
_AFTER = click.option("--after", default="", metavar="ID", help="Go on after this one.")


@alert.command("list")
@click.option("--state", default="", help="firing, resolved or unacknowledged.")
@click.option("--service", default="", help="Only this service.")
@click.option("--incident", default="", help="Only alerts of this incident.")
@_AFTER
@_LIMIT
@pass_session
def list_alerts(session: Session, /, **query: Any) -> None:
    """List alerts, newest first."""
    answer = session.api.get("/alerts", **query)

    def people() -> None:
        now = session.now()
        rows = [
            (one["id"], output.state(one["state"]), one.get("service"), output.when(one.get("started_at"), now), one.get("acknowledged_by"),
             one.get("incident"), one["title"])
            for one in answer["alerts"]
        ]  # fmt: skip
        output.table(("ID", "State", "Service", "Started", "Acknowledged by", "Incident", "Title"), rows, "No alerts.")
        _more(answer)

    session.show(answer, people)


@alert.command("show")
@click.argument("alert_id", metavar="ID")
@pass_session
def show_alert(session: Session, alert_id: str) -> None:
    """Show an alert with its labels, links and history."""
    found = session.api.get(f"/alerts/{alert_id}")

    def people() -> None:
        now = session.now()
        output.say(f"{output.strong(found['id'])}  {found['title']}")
        output.pairs(
            [
                ("State", output.state(found["state"])),
                *((name.replace("_", " ").capitalize(), output.when(found[name], now)) for name in _MOMENTS if found.get(name)),
                *(
                    (name.replace("_", " ").capitalize(), found.get(name))
                    for name in ("service", "source", "acknowledged_by", "incident", "summary")
                ),
                ("Labels", _names(found.get("labels"))),
                ("Links", _names(found.get("links"))),
            ],
        )
        if found.get("history"):
            output.heading("History")
            rows = [
                (output.when(h["at"], now), h["type"].partition(".")[2].replace("_", " ") or h["type"], h["by"]) for h in found["history"]
            ]
            output.table(("When", "What", "By"), rows)

    session.show(found, people)


_MOMENTS = ("started_at", "received_at", "acknowledged_at", "ended_at")


def _names(values: Any) -> str:
    if isinstance(values, dict):
        return "\n".join(f"{name}: {value}" for name, value in values.items())
    return "\n".join(map(str, values or ()))


@alert.command("ack")
@click.argument("alert_id", metavar="ID")
@click.option("--by", "person", metavar="PERSON", help="Who is on it.")
@at_options
@pass_session
def ack_alert(session: Session, alert_id: str, person: str | None, at: str | None, zone: str | None) -> None:
    """Acknowledge an alert. A second time is no error."""
    answer = session.api.post(f"/alerts/{alert_id}/acknowledge", {"person": person, "at": session.past(at, zone)})
    session.done(answer, f"{alert_id}: acknowledged by {answer.get('acknowledged_by') or person or 'you'}.")


@alert.command("intake")
@pass_session
def intake(session: Session) -> None:
    """Print the addresses to which monitoring tools send."""
    answer = session.api.get("/intake")
    rows = [(one["source"], one["url"]) for one in answer["intake"]]
    session.show(answer, lambda: output.table(("Source", "Address"), rows))


@receipt.command("list")
@_AFTER
@_LIMIT
@pass_session
def list_receipts(session: Session, /, **query: Any) -> None:
    """List the requests of monitoring tools, newest first."""
    answer = session.api.get("/receipts", **query)

    def people() -> None:
        now = session.now()
        rows = [tuple(_cell(name, one[name], now) for name in one) for one in answer["receipts"]]
        names = [name.replace("_", " ").capitalize() if name != "id" else "ID" for name in (answer["receipts"] or [{"id": ""}])[0]]
        output.table(names, rows, "Nothing has been received yet. `tocsin alert intake` prints the addresses.")
        _more(answer)

    session.show(answer, people)


def _cell(name: str, value: Any, now: Any) -> str:
    if name == "at":
        return output.when(value, now)
    if isinstance(value, dict):
        return ", ".join(f"{count} {word}" for word, count in value.items())
    return "" if value is None else str(value)


@receipt.command("show")
@click.argument("receipt_id", metavar="ID")
@click.option("--body", is_flag=True, help="Also print the request's body as it came.")
@pass_session
def show_receipt(session: Session, receipt_id: str, body: bool) -> None:
    """Show a request and what became of each alert in it."""
    found = session.api.get(f"/receipts/{receipt_id}")

    def people() -> None:
        output.say(output.strong(found["id"]))
        output.pairs(
            [
                ("Received", output.when(found["at"], session.now())),
                ("Source", found["source"]),
                ("Size", f"{found['size']:,} bytes"),
                ("Refused", _names(found["rejected"])),
            ],
        )
        output.table(
            ("Alert", "Outcome", "Title", "Why"),
            [(one["alert"], one["outcome"], one["title"], one["why"]) for one in found["alerts"]],
            "It holds no alerts.",
        )
        if body:
            output.say()
            output.say(found["body"])

    session.show(found, people)


def _more(answer: dict[str, Any]) -> None:
    if answer.get("next"):
        output.note(f"There are more: --after {answer['next']}")
