"""``tocsin page``, ``pages`` and ``explain``: call people, see who was called, and why."""

from __future__ import annotations

from typing import Any, Final

import click

from tocsin.cli import output
from tocsin.cli.shell import Session, group, listed, parent, pass_session, single

explain = group("explain", "Why something happened.")

_URGENCY: Final = click.Choice(["high", "low"])


# -- calling --------------------------------------------------------------------------------------


@single("page")
@click.option("--title", required=True, help="What it is about, in one line.")
@click.option("--service", default="", metavar="ID", help="Whoever answers for this service.")
@click.option("--policy", "policy_id", default="", metavar="ID", help="Whoever this escalation policy calls.")
@click.option("--person", "people", multiple=True, metavar="A,B", help="These people.")
@click.option("--to", multiple=True, metavar="A,B", help="People, schedules, teams, a policy, a service, or roles of the incident.")
@click.option("--urgency", type=_URGENCY, default="high", show_default=True, help="Low waits for the end of quiet hours.")
@click.option("--incident", default="", metavar="ID", help="The incident that it is for: its timeline says so.")
@click.option("--why", default="", help="What you need them for.")
@click.option("--test", is_flag=True, help="Only try whether it reaches them; it ends by itself.")
@pass_session
def page(
    session: Session, /, title: str, service: str, policy_id: str, people: tuple[str, ...], to: tuple[str, ...], urgency: str, incident: str, why: str, test: bool,
) -> None:  # fmt: skip
    """Call people until somebody acknowledges.

    Name a service, a policy, or people; without any, the policy `default` is used.
    """
    targets = [f"person:{name}" for name in listed(people)] + listed(to)
    if sum(map(bool, (service, policy_id, targets))) > 1:
        raise click.UsageError("Give one of --service, --policy and --person or --to.")
    body = {
        "title": title, "service": service, "policy": policy_id, "targets": targets, "urgency": urgency, "incident": incident.strip().upper() if incident else "",
        "why": why, "origin": "test" if test else "person",
    }  # fmt: skip
    answer = session.api.post("/pages", body)

    def said() -> None:
        calls = ", ".join(answer["calls"])
        output.say(f"{output.strong(answer['page'])} (number {answer['number']}) calls {calls or output.tone('nobody', 'bad')}.")
        for one in answer["not_reached"]:
            output.say(f"  not reached: {one}")
        if answer["unanswered"]:
            output.say(output.tone("Nobody can be reached: it counts as unanswered.", "bad"))
        elif answer["next_at"]:
            output.note(f"If nobody acknowledges, it goes on at {output.when(answer['next_at'], session.now())}.")

    session.show(answer, said)


# -- pages ----------------------------------------------------------------------------------------


@parent("pages")
@pass_session
def pages(session: Session) -> None:
    """Who is being called, and what becomes of it."""
    _list(session, state="live", limit=50)


@pages.command("list")
@click.option(
    "--state", default="live", show_default=True, help="live, unanswered, open, acknowledged, snoozed, resolved; all for every one."
)
@click.option("--person", default="", help="Only those that call or called this person.")
@click.option("--incident", default="", metavar="ID", help="Only those of this incident.")
@click.option("--service", default="", metavar="ID", help="Only those of this service.")
@click.option("--after", default="", metavar="NUMBER", help="Go on after this one.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 500))
@pass_session
def list_pages(session: Session, /, **query: Any) -> None:
    """List pages, newest first."""
    _list(session, **{**query, "state": "" if query["state"] == "all" else query["state"]})


def _list(session: Session, **query: Any) -> None:
    answer = session.api.get("/pages", **query)

    def people() -> None:
        now = session.now()
        rows = [
            (one["number"], one["id"], _standing(one), one["urgency"], output.when(one["opened_at"], now), ", ".join(one["calls"]), one["acknowledged_by"],
             one["incident"], one["title"])
            for one in answer["pages"]
        ]  # fmt: skip
        output.table(
            ("No", "ID", "State", "Urgency", "Opened", "Called last", "Acknowledged by", "Incident", "Title"),
            rows,
            "Nobody is being called.",
        )
        if answer.get("next"):
            output.note(f"There are more: --after {answer['next']}")

    session.show(answer, people)


def _standing(one: dict[str, Any]) -> str:
    return output.tone("unanswered", "bad") if one["unanswered"] else output.state(one["state"])


@pages.command("show")
@click.argument("page_id", metavar="ID")
@pass_session
def show_page(session: Session, page_id: str) -> None:
    """Show a page with its story."""
    found = session.api.get(f"/pages/{page_id.strip().upper()}")

    def people() -> None:
        now = session.now()
        output.say(f"{output.strong(found['id'])}  {found['title']}")
        first = found["first_acknowledged"]
        following = found["next"]
        output.pairs(
            [
                ("State", _standing(found)),
                ("Urgency", found["urgency"]),
                ("Policy", f"{found['policy']['id']} version {found['policy']['version']}" if found["policy"]["id"] else "by name"),
                *((name.capitalize(), found[name]) for name in ("service", "incident", "group", "why")),
                ("Acknowledged", f"by {first['person']}, {output.when(first['at'], now)}" if first else None),
                (
                    "Calls again",
                    output.when(found["lease_until"] or found["snoozed_until"], now)
                    if found["lease_until"] or found["snoozed_until"]
                    else None,
                ),
                (
                    "Next",
                    f"{output.when(following['at'], now)}: {', '.join(following['to']) or 'it counts as unanswered'}"
                    if following
                    else None,
                ),
            ],
        )
        output.heading("Story")
        output.table(("When", "What"), [(output.when(line["at"], now), line["text"]) for line in found["story"]])

    session.show(found, people)


@pages.command("ack")
@click.argument("page_id", metavar="ID")
@click.option("--by", "person", metavar="PERSON", help="Who is on it.")
@pass_session
def ack(session: Session, page_id: str, person: str | None) -> None:
    """Say that you are on it. A second time is no error."""
    answer = session.api.post(f"/pages/{page_id.strip().upper()}/acknowledge", {"person": person, "via": "cli"})
    until = f", until {output.when(answer['lease_until'], session.now())}" if answer.get("lease_until") else ""
    session.done(answer, f"{answer['page']}: {answer['says']}{until}.")


@pages.command("escalate")
@click.argument("page_id", metavar="ID")
@click.option("--why", default="")
@pass_session
def escalate(session: Session, page_id: str, why: str) -> None:
    """Go on to the next step now."""
    answer = session.api.post(f"/pages/{page_id.strip().upper()}/escalate", {"why": why})
    session.done(answer, f"{answer['page']}: calls {', '.join(answer['calls']) or 'nobody'}.")


@pages.command("hand")
@click.argument("page_id", metavar="ID")
@click.option("--to", "to", required=True, multiple=True, metavar="A,B", help="People, schedules or teams.")
@click.option("--why", default="")
@pass_session
def hand(session: Session, page_id: str, to: tuple[str, ...], why: str) -> None:
    """Give it to somebody else, who is called at once."""
    answer = session.api.post(f"/pages/{page_id.strip().upper()}/hand", {"to": listed(to), "why": why})
    session.done(answer, f"{answer['page']}: handed on; calls {', '.join(answer['calls'])}.")


@pages.command("snooze")
@click.argument("page_id", metavar="ID")
@click.option("--until", required=True, metavar="TIME", help="14:30, or a date and time.")
@click.option("--zone", default=None, help="The time zone of --until; UTC without it.")
@click.option("--why", default="")
@pass_session
def snooze(session: Session, page_id: str, until: str, zone: str | None, why: str) -> None:
    """Be silent until a moment, then call again."""
    answer = session.api.post(f"/pages/{page_id.strip().upper()}/snooze", {"until": session.coming(until, zone, "--until"), "why": why})
    session.done(answer, f"{answer['page']}: silent until {output.when(answer['until'], session.now())}.")


@pages.command("resolve")
@click.argument("page_id", metavar="ID")
@click.option("--why", default="")
@pass_session
def resolve(session: Session, page_id: str, why: str) -> None:
    """End it: nobody is called any more."""
    answer = session.api.post(f"/pages/{page_id.strip().upper()}/resolve", {"why": why})
    session.done(answer, f"{answer['page']}: {'ended' if answer['changed'] else 'it had ended already'}.")


# -- why ------------------------------------------------------------------------------------------


@explain.command("page")
@click.argument("page_id", metavar="ID")
@pass_session
def explain_page(session: Session, page_id: str) -> None:
    """Show why a page called whom when, and why not the others."""
    found = session.api.get(f"/pages/{page_id.strip().upper()}/explain")

    def people() -> None:
        now = session.now()
        output.say(f"{output.strong(found['page'])}  {found['title']}")
        output.say(
            f"Opened {output.when(found['opened_at'], now)} with {found['urgency']} urgency; {found['policy']['says']}. Why: {found['why']}"
        )
        for run in found["runs"]:
            output.heading(f"{run['name'].capitalize()}, {output.when(run['began_at'], now)}: {run['why_then']}")
            if run["asked_for"]:
                output.say(f"  asks for {', '.join(run['asked_for'])}")
            for who in run["called"]:
                _explain_person(who, now)
            for one in run["not_called"]:
                output.say(f"  {output.tone('not', 'bad')} {one['target']}: {one['why']}")
        if found["ends"]:
            output.heading("Then")
            for one in found["ends"]:
                output.say(
                    f"  {output.when(one['at'], now)}  {one['type'].partition('.')[2].replace('_', ' ')} {one['person'] or one['by']}"
                )

    session.show(found, people)


def _explain_person(who: dict[str, Any], now: Any) -> None:
    output.say(f"  {output.strong(who['person'])}: {who['why']}")
    for one in who["planned"]:
        extra = f" ({one['why']})" if one["why"] else ""
        output.say(f"    planned by {one['contact']} at {output.when(one['due_at'], now)}{extra}")
    for one in who["messages"]:
        became = {"sent": f"left {output.when(one['sent_at'], now)}", "failed": f"failed: {one['error']}"}.get(one["state"], one["state"])
        output.say(f"    message {one['attempt']} by {one['channel']}, decided {output.when(one['decided_at'], now)}: {became}")
    if who["kept_for_failure"]:
        output.say(f"    kept for when those fail: {', '.join(who['kept_for_failure'])}")
    for problem in who["problems"]:
        output.say(f"    {problem}")
