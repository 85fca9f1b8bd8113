"""``tocsin heartbeat``: jobs and hosts that report at intervals; their silence is an alert."""

from __future__ import annotations

from typing import Any

import click

from tocsin.cli import output
from tocsin.cli.shell import Session, group, pass_session

heartbeat = group("heartbeat", "Jobs and hosts that report at intervals; their silence is an alert.")


@heartbeat.command("save")
@click.argument("heartbeat_id", metavar="ID")
@click.option("--name", help="Its name; the id without one.")
@click.option("--every", metavar="DURATION", help="How often it reports, such as 5m or 24h.")
@click.option("--grace", metavar="DURATION", help="How much later it may be; 0m without it.")
@click.option("--service", help="The service that its silence is trouble of.")
@click.option("--severity", help="The severity word of the alert.")
@click.option("--muted/--not-muted", default=None, help="Only write its silence down.")
@click.option("--about", help="What it is.")
@pass_session
def save(session: Session, /, heartbeat_id: str, **given: Any) -> None:
    """Write down who is to report. It is expected from its first report on. What is not given stays as it was."""
    known = any(one["id"] == heartbeat_id for one in session.api.get("/heartbeats")["heartbeats"])
    before = session.api.get(f"/heartbeats/{heartbeat_id}")["saved"] if known else {}
    if not known and given["every"] is None:
        raise click.UsageError("Say how often it reports: --every 5m.")
    body = {"name": heartbeat_id, **before, **{word: value for word, value in given.items() if value is not None}}
    answer = session.api.post(f"/heartbeats/{heartbeat_id}", body)
    found = session.api.get(f"/heartbeats/{heartbeat_id}")
    said = "saved" if answer["changed"] else "nothing changed"
    session.done({**answer, "url": found["url"]}, f"{heartbeat_id}: {said}. It reports by fetching {found['url']}")


@heartbeat.command("list")
@pass_session
def list_(session: Session) -> None:
    """List heartbeats, those in trouble first."""
    answer = session.api.get("/heartbeats")

    def people() -> None:
        now = session.now()
        rows = [
            (one["id"], output.state(one["state"]), f"every {one['every']}", output.when(one["last_at"], now), output.when(one["due_at"], now),
             one["service"], "muted" if one["muted"] else "")
            for one in answer["heartbeats"]
        ]  # fmt: skip
        empty = "Nobody is expected to report yet: tocsin heartbeat save ID --every 5m."
        output.table(("ID", "State", "Expected", "Last report", "Due", "Service", ""), rows, empty)

    session.show(answer, people)


@heartbeat.command("show")
@click.argument("heartbeat_id", metavar="ID")
@pass_session
def show(session: Session, heartbeat_id: str) -> None:
    """Show a heartbeat with its address and history."""
    found = session.api.get(f"/heartbeats/{heartbeat_id}")

    def people() -> None:
        now = session.now()
        output.say(f"{output.strong(found['id'])}  {found['name']}")
        output.pairs(
            [
                ("State", output.state(found["state"])), ("Expected", f"every {found['every']}, {found['grace']} late at most"),
                ("Last report", output.when(found["last_at"], now)), ("Due", output.when(found["due_at"], now)), ("Reports", found["count"]),
                ("Service", found["service"]), ("Address", found["url"]),
            ],
        )  # fmt: skip
        output.heading("History")
        rows = [(output.when(one["at"], now), one["type"].partition(".")[2].replace("_", " "), one["by"]) for one in found["history"]]
        output.table(("When", "What", "By"), rows)

    session.show(found, people)


@heartbeat.command("beat")
@click.argument("heartbeat_id", metavar="ID")
@pass_session
def beat(session: Session, heartbeat_id: str) -> None:
    """Report now."""
    answer = session.api.post(f"/heartbeats/{heartbeat_id}/beat", {})
    session.done(answer, f"{heartbeat_id}: report {answer['count']}.")


@heartbeat.command("address")
@click.argument("heartbeat_id", metavar="ID")
@pass_session
def address(session: Session, heartbeat_id: str) -> None:
    """Give a heartbeat another secret address; the old one is no longer taken."""
    session.api.post(f"/heartbeats/{heartbeat_id}/address", {})
    found = session.api.get(f"/heartbeats/{heartbeat_id}")
    session.done(found, f"{heartbeat_id} reports by fetching {found['url']}")
