"""``tocsin person``, ``tocsin contact`` and ``tocsin team``: who there is, and how they are reached."""

from __future__ import annotations

from typing import Any

import click

from tocsin.cli import output
from tocsin.cli.shell import Session, assignments, group, listed, pass_session

person = group("person", "People.")
contact = group("contact", "Ways to reach people.")
team = group("team", "Teams.")

_WIDEST = 60
"""Characters shown of an address; a push subscription has hundreds."""


def saved(found: dict[str, Any]) -> dict[str, Any]:
    """Return what is written down of a record, whether the API nests it or not."""
    inner = found.get("saved")
    return {**found, **inner} if isinstance(inner, dict) else found


@person.command("save")
@click.argument("person_id", metavar="ID")
@click.option("--name", help="Their name; the id without one.")
@click.option(
    "--contact", "contacts", multiple=True, metavar="KIND=VALUE",
    help="A way to reach them, such as email=ana@example.com; may be repeated. All of them: those not named go.",
)  # fmt: skip
@click.option("--team", "teams", multiple=True, metavar="A,B", help="The teams they belong to.")
@click.option("--zone", help="Their time zone, such as Europe/Lisbon.")
@click.option(
    "--rule", "rules", multiple=True, metavar="CONTACT@DELAY[:URGENCY]",
    help="How a page notifies them, such as push@0m or sms@5m:high; may be repeated. Without any, by every way at once.",
)  # fmt: skip
@click.option(
    "--quiet", "quiet", multiple=True, metavar="FROM-TO[:DAYS]", help="When low urgency waits, such as 22:00-07:00 or 22:00-09:00:fri,sat."
)
@click.option("--inactive", is_flag=True, help="They are not here any more.")
@pass_session
def save_person(
    session: Session, /, person_id: str, name: str | None, contacts: tuple[str, ...], teams: tuple[str, ...], zone: str | None,
    rules: tuple[str, ...], quiet: tuple[str, ...], inactive: bool,
) -> None:  # fmt: skip
    """Write a person down as they are from now on. What is not given stays as it was."""
    before = _known(session, person_id)
    ways = [{"kind": kind, "value": value} for kind, value in assignments(contacts, "--contact")]
    body = {
        "name": name or before.get("name") or person_id,
        "contacts": ways or before.get("contacts", []),
        "teams": listed(teams) or before.get("teams", []),
        "zone": zone or before.get("zone", "UTC"),
        "rules": [_rule(text) for text in rules] or before.get("rules", []),
        "quiet": [_hours(text) for text in quiet] or before.get("quiet", []),
        "active": not inactive,
    }
    answer = session.api.post(f"/people/{person_id}", body)
    session.done(answer, f"{person_id}: {'saved' if answer.get('changed', True) else 'nothing changed'}.")


def _known(session: Session, person_id: str) -> dict[str, Any]:
    """Return a person as they can be saved again; nothing where there is none."""
    everybody = session.api.get("/people", everybody="true")["people"]
    if not any(one["id"] == person_id for one in everybody):
        return {}
    found = saved(session.api.get(f"/people/{person_id}"))
    found["contacts"] = [{name: way[name] for name in ("id", "kind", "value")} for way in found.get("contacts", [])]
    return found


def _rule(text: str) -> dict[str, str]:
    contact, _, rest = text.partition("@")
    after, _, urgency = rest.partition(":")
    return {"contact": contact, "after": after or "0m", "urgency": urgency or "any"}


def _hours(text: str) -> dict[str, Any]:
    begin, dash, rest = text.partition("-")
    if not dash:
        raise click.BadParameter(f"{text!r}: write it like 22:00-07:00.", param_hint="--quiet")
    end, days = rest[:5], rest[6:]
    return {"start": begin, "end": end, **({"days": days.split(",")} if days else {})}


@person.command("show")
@click.argument("person_id", metavar="ID")
@pass_session
def show_person(session: Session, person_id: str) -> None:
    """Show a person: how they are reached, and which ways are proved to reach them."""
    found = session.api.get(f"/people/{person_id}")

    def people() -> None:
        shown = saved(found)
        output.say(f"{output.strong(shown['id'])}  {shown['name']}")
        active = "" if shown.get("active", True) else "no"
        rules = "\n".join(
            f"{rule['contact']} after {rule['after']}" + ("" if rule["urgency"] == "any" else f" ({rule['urgency']} urgency)")
            for rule in shown.get("rules", [])
        )
        quiet = "\n".join(f"{hours['start']}-{hours['end']} {', '.join(hours['days'])}" for hours in shown.get("quiet", []))
        output.pairs(
            [
                ("Teams", ", ".join(shown.get("teams", []))), ("Time zone", shown.get("zone")), ("Active", active),
                ("Notified", rules or ("by every way at once" if shown.get("contacts") else "")), ("Quiet hours", quiet),
            ]
        )  # fmt: skip
        _ways(session, shown)

    session.show(found, people)


def _ways(session: Session, shown: dict[str, Any]) -> None:
    now = session.now()
    rows = [
        (
            way["id"],
            way["kind"],
            way["value"] if len(way["value"]) <= _WIDEST else way["value"][: _WIDEST - 1] + "…",
            output.when(way["verified_at"], now) if way["verified_at"] else _unproved(way),
        )
        for way in shown.get("contacts", [])
    ]
    output.table(("Contact", "Kind", "Where", "Verified"), rows, "No way to reach them yet: tocsin contact add PERSON KIND=VALUE.")


def _unproved(way: dict[str, Any]) -> str:
    if way.get("code_failed"):
        return f"no: {way['code_failed']}"
    return "a code is under way" if way.get("code_until") else "no"


@contact.command("list")
@click.argument("person_id", metavar="PERSON")
@pass_session
def list_contacts(session: Session, person_id: str) -> None:
    """List the ways to reach a person."""
    found = session.api.get(f"/people/{person_id}")
    session.show(found["contacts"], lambda: _ways(session, saved(found)))


@contact.command("add")
@click.argument("person_id", metavar="PERSON")
@click.argument("way", metavar="KIND=VALUE")
@click.option("--id", "contact_id", default="", help="What to call it; the kind without one.")
@pass_session
def add_contact(session: Session, person_id: str, way: str, contact_id: str) -> None:
    """Add a way to reach a person, such as sms=+15550100. Then prove it: tocsin contact verify PERSON CONTACT."""
    kind, value = assignments((way,), "KIND=VALUE")[0]
    name = session.api.post(f"/people/{person_id}/contacts", {"kind": kind, "value": value, "id": contact_id})["contact"]
    (added,) = (one for one in session.api.get(f"/people/{person_id}")["contacts"] if one["id"] == name)
    session.done(added, f"{person_id}: {name} added. Prove that it reaches them: tocsin contact verify {person_id} {name}")


@contact.command("remove")
@click.argument("person_id", metavar="PERSON")
@click.argument("contact_id", metavar="CONTACT")
@pass_session
def remove_contact(session: Session, person_id: str, contact_id: str) -> None:
    """Take a way to reach a person away, with the rules that name it."""
    answer = session.api.post(f"/people/{person_id}/contacts/remove", {"contact": contact_id})
    session.done(answer, f"{person_id}: {contact_id} is gone.")


@contact.command("order")
@click.argument("person_id", metavar="PERSON")
@click.argument("contacts", metavar="CONTACT", nargs=-1, required=True)
@pass_session
def order_contacts(session: Session, person_id: str, contacts: tuple[str, ...]) -> None:
    """Put a person's ways in this order; those not named follow."""
    answer = session.api.post(f"/people/{person_id}/contacts/order", {"contacts": contacts})
    session.done(answer, f"{person_id}: {', '.join(contacts)} first.")


@contact.command("verify")
@click.argument("person_id", metavar="PERSON")
@click.argument("contact_id", metavar="CONTACT")
@pass_session
def verify_contact(session: Session, person_id: str, contact_id: str) -> None:
    """Send a code by this way; then `tocsin contact confirm PERSON CONTACT CODE`."""
    answer = session.api.post(f"/people/{person_id}/contacts/code", {"contact": contact_id})
    until = output.when(answer["expires_at"], session.now())
    session.done(
        answer, f"A code is on its way by {contact_id}. Type it in until {until}: tocsin contact confirm {person_id} {contact_id} CODE"
    )


@contact.command("confirm")
@click.argument("person_id", metavar="PERSON")
@click.argument("contact_id", metavar="CONTACT")
@click.argument("code", metavar="CODE")
@pass_session
def confirm_contact(session: Session, person_id: str, contact_id: str, code: str) -> None:
    """Type in the code that came."""
    answer = session.api.post(f"/people/{person_id}/contacts/confirm", {"contact": contact_id, "code": code})
    if not answer["verified"]:
        raise click.ClickException(f"That is not the code that was sent; {answer['tries_left']} tries are left.")
    session.done(answer, f"{contact_id} reaches {person_id}.")


@person.command("list")
@pass_session
def list_people(session: Session) -> None:
    """List all people."""
    answer = session.api.get("/people")
    rows = [(one["id"], one["name"], "yes" if one.get("active", True) else "no") for one in map(saved, answer["people"])]
    session.show(
        answer, lambda: output.table(("ID", "Name", "Active"), rows, "Nobody is written down yet: tocsin person save ID --name NAME.")
    )


@team.command("save")
@click.argument("team_id", metavar="ID")
@click.option("--name", help="Its name; the id without one.")
@click.option("--member", "--members", "members", multiple=True, metavar="A,B", help="Who belongs to it.")
@click.option("--about", default=None, help="What it looks after.")
@pass_session
def save_team(session: Session, team_id: str, name: str | None, members: tuple[str, ...], about: str | None) -> None:
    """Write a team down as it is from now on. What is not given stays as it was."""
    known = any(one["id"] == team_id for one in session.api.get("/teams")["teams"])
    history = session.api.get(f"/teams/{team_id}/history")["history"] if known else []
    # As it was written down: whoever names the team themselves is a member, and not one that the team names.
    before = history[-1]["saved"] if history else {}
    body = {
        "name": name or before.get("name") or team_id, "members": listed(members) or before.get("members", []),
        "about": before.get("about", "") if about is None else about,
    }  # fmt: skip
    answer = session.api.post(f"/teams/{team_id}", body)
    session.done(answer, f"{team_id}: {'saved' if answer.get('changed', True) else 'nothing changed'}.")


@team.command("show")
@click.argument("team_id", metavar="ID")
@pass_session
def show_team(session: Session, team_id: str) -> None:
    """Show a team."""
    found = session.api.get(f"/teams/{team_id}")

    def people() -> None:
        shown = saved(found)
        output.say(f"{output.strong(shown['id'])}  {shown['name']}")
        output.pairs([("Members", ", ".join(shown.get("members", []))), ("About", shown.get("about"))])

    session.show(found, people)


@team.command("list")
@pass_session
def list_teams(session: Session) -> None:
    """List all teams."""
    answer = session.api.get("/teams")
    rows = [(one["id"], one["name"]) for one in map(saved, answer["teams"])]
    session.show(answer, lambda: output.table(("ID", "Name"), rows, "No team is written down yet: tocsin team save ID --members A,B."))
