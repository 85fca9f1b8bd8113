"""``tocsin status``: the public status page, the states of its components, and who subscribed."""

from __future__ import annotations

from typing import Any

import click

from tocsin.cli import output
from tocsin.cli.shell import Session, group, listed, pass_session
from tocsin.comms.status.vocabulary import ORDER, WORDS

status = group("status", "The public status page.")


@status.command("show")
@pass_session
def show(session: Session) -> None:
    """Show what the public sees now."""
    found = session.api.get("/status-page/shown")

    def people() -> None:
        output.say(f"{output.strong(found['page']['name'])}: {found['status']['description']}")
        rows = [(("" if one["group"] else "  ") + one["name"], WORDS.get(one["status"], one["status"])) for one in found["components"]]
        output.table(("System", "State"), rows, "No system is on the page yet: tocsin status component SERVICE --name NAME.")
        if found["incidents"]:
            incidents = [
                (one["name"], one["status"], one["impact"], output.when(one["updated_at"], session.now())) for one in found["incidents"]
            ]
            output.table(("Incident", "State", "Impact", "Last update"), incidents, "")

    session.show(found, people)


@status.command("save")
@click.option("--name", help="Whose page it is.")
@click.option("--about", help="A few sentences below the state.")
@click.option("--header", help="A notice above everything; an empty text takes it away.")
@click.option("--support-url", metavar="URL", help="Where readers get help.")
@click.option("--on/--off", default=None, help="Show the page, or show nothing.")
@click.option("--subscribing/--no-subscribing", default=None, help="Let readers subscribe by mail and webhook, or by feed alone.")
@click.option("--order", multiple=True, metavar="A,B", help="Services in the order in which their components stand.")
@click.option(
    "--hide", multiple=True, metavar="A,B", help="Services whose component is not shown; without a name (--hide '') none is hidden."
)
@pass_session
def save(session: Session, /, order: tuple[str, ...], hide: tuple[str, ...], **given: Any) -> None:
    """Change the page; what is not given stays."""
    before = session.api.get("/status-page")
    names = ("name", "about", "header", "support_url", "on", "subscribing", "order", "hidden")
    body = {name: before[name] for name in names} | {name: value for name, value in given.items() if value is not None}
    if order:
        body["order"] = listed(order)
    if hide:
        body["hidden"] = listed(hide)
    answer = session.api.post("/status-page", body)
    session.done(answer, "The status page is saved." if answer.get("changed", True) else "Nothing changed.")


@status.command("component")
@click.argument("service", metavar="SERVICE")
@click.option("--name", default="", help="What the public calls it.")
@click.option("--group", "group_", default="", metavar="PATH", help="The group that it stands in, such as 'Payments / Cards'.")
@click.option("--about", default="", help="What it is, in a sentence.")
@click.option("--remove", is_flag=True, help="Take it off the page.")
@pass_session
def component(session: Session, service: str, name: str, group_: str, about: str, *, remove: bool) -> None:
    """Say what the page shows of a service."""
    if not name and not remove:
        raise click.UsageError("Give --name, or --remove.")
    answer = session.api.post(f"/status-page/components/{service}", {"name": "" if remove else name, "group": group_, "about": about})
    session.done(answer, f"{service}: {'off the page' if remove else f'on the page as {name}'}.")


@status.command("set")
@click.argument("service", metavar="SERVICE")
@click.argument("state", type=click.Choice(ORDER))
@click.option("--until", required=True, metavar="TIME", help="From then on it is computed again (15:20: the next such time).")
@click.option("--reason", required=True, help="Why; the public does not see it.")
@click.option("--zone", metavar="NAME", help="Time zone of clock times (default UTC).")
@pass_session
def set_(session: Session, service: str, state: str, until: str, reason: str, zone: str | None) -> None:
    """Set a component's state by hand, until a time."""
    answer = session.api.post(
        "/status-page/states", {"service": service, "state": state, "reason": reason, "until": session.coming(until, zone)}
    )
    session.done(answer, f"{service}: {WORDS[state].lower()} until {output.when(answer['until'], session.now())}.")


@status.command("clear")
@click.argument("service", metavar="SERVICE")
@pass_session
def clear(session: Session, service: str) -> None:
    """Let a component's state be computed again."""
    answer = session.api.post("/status-page/states/clear", {"service": service})
    session.done(answer, f"{service}: computed again." if answer["changed"] else f"{service}: it was not set by hand.")


@status.command("hide")
@click.argument("incident", metavar="INCIDENT")
@click.option("--why", default="", help="Kept in the record.")
@pass_session
def hide(session: Session, incident: str, why: str) -> None:
    """Take an incident off the page."""
    session.done(session.api.post(f"/status-page/incidents/{incident}/hide", {"why": why}), f"{incident}: off the status page.")


@status.command("unhide")
@click.argument("incident", metavar="INCIDENT")
@pass_session
def unhide(session: Session, incident: str) -> None:
    """Put an incident back on the page."""
    session.done(session.api.post(f"/status-page/incidents/{incident}/show", {}), f"{incident}: on the status page again.")


@status.command("subscribers")
@click.option("--state", type=click.Choice(("active", "pending", "stopped")), help="Only those.")
@click.option("--text", default="", help="A part of the address.")
@pass_session
def subscribers(session: Session, state: str | None, text: str) -> None:
    """List who subscribed, the newest first."""
    found = session.api.get("/status-page/subscribers", state=state, text=text)

    def people() -> None:
        counts = found["counts"]
        output.say(f"{counts['active']} active, {counts['pending']} not confirmed, {counts['stopped']} stopped")
        rows = [(one["id"], one["way"], one["address"], one["state"], one["why"] or " ") for one in found["subscribers"]]
        output.table(("ID", "By", "Address", "State", "Trouble"), rows, "Nobody has subscribed yet.")

    session.show(found, people)


@status.command("invite")
@click.argument("address", metavar="ADDRESS")
@click.option("--webhook", is_flag=True, help="It is the address of a webhook.")
@pass_session
def invite(session: Session, address: str, *, webhook: bool) -> None:
    """Ask somebody whether they want to be told; they confirm it themselves."""
    answer = session.api.post("/status-page/subscribers", {"address": address, "way": "webhook" if webhook else "email"})
    session.done(
        answer,
        f"A {'challenge' if webhook else 'confirmation'} is on its way to {address}."
        + (f" Its secret, shown once: {answer['secret']}" if answer.get("secret") else ""),
    )


@status.command("remove")
@click.argument("subscriber", metavar="ID")
@pass_session
def remove(session: Session, subscriber: str) -> None:
    """Remove a subscriber; the address is deleted."""
    session.done(session.api.post(f"/status-page/subscribers/{subscriber}/remove", {}), f"{subscriber}: removed.")


@status.command("enable")
@click.argument("subscriber", metavar="ID")
@pass_session
def enable(session: Session, subscriber: str) -> None:
    """Try a subscriber that was stopped again."""
    session.done(session.api.post(f"/status-page/subscribers/{subscriber}/enable", {}), f"{subscriber}: tried again.")
