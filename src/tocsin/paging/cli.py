"""``tocsin page``, ``pages``, ``policy``, ``explain`` and ``pager``: call people, see who was called, and decide who will be."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from tocsin.cli import output, times
from tocsin.cli.shell import Session, group, listed, parent, pass_session, single
from tocsin.engine.errors import Refused

policy = group("policy", "Escalation policies: who is called, in which order.")
explain = group("explain", "Why something happened.")
pager = group("pager", "The pager's watch over itself, and the last resort.")

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
            f"Opened {output.when(found['opened_at'], now)} with {found['urgency']} urgency, because of {found['why']}; {found['policy']['says']}."
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


# -- policies -------------------------------------------------------------------------------------


@policy.command("apply")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--shipped", "names", multiple=True, metavar="NAME", help="One that ships with Tocsin; `policy shipped` lists them.")
@click.option("--waive", default="", metavar="REASON", help="Accept, in your name, that a step reaches nobody at some hour.")
@pass_session
def apply(session: Session, files: tuple[Path, ...], names: tuple[str, ...], waive: str) -> None:
    """Write down the escalation policies of files. One with a step that reaches nobody is refused, unless it is waived."""
    from tocsin.paging import library, load

    if not files and not names:
        raise click.UsageError("Name a file, or one that ships with --shipped.")
    texts = [(str(file), _text(file)) for file in files] + [(f"{name}.yaml", _shipped(library, name)) for name in names]
    try:
        found = [one for file, text in texts for one in load.read(text, file)]
    except Refused as refusal:
        raise click.ClickException(str(refusal)) from refusal
    answers = [session.api.post(f"/policies/{policy_id}", {**body, **({"waive": waive} if waive else {})}) for policy_id, body in found]

    def said() -> None:
        for answer in answers:
            output.say(f"{answer['policy']}: {'version ' + str(answer['version']) if answer['changed'] else 'nothing changed'}.")
            for hole in answer["holes"]:
                output.say(f"  accepted: {hole}")
            for warning in answer["warnings"]:
                output.say(f"  {output.tone('mind', 'warn')}: {warning}")

    session.show({"policies": answers}, said)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file} cannot be read: {error}.") from error


def _shipped(library: Any, name: str) -> str:
    if name not in library.names():
        raise click.ClickException(f"No policy {name!r} ships. There are: {', '.join(library.names())}.")
    return str(library.text(name))


@policy.command("shipped")
@click.argument("name", required=False, default="")
@pass_session
def shipped(session: Session, name: str) -> None:
    """List the policies that ship with Tocsin, or print one."""
    from tocsin.paging import library

    if name:
        text = _shipped(library, name)
        session.show({"name": name, "text": text}, lambda: output.say(text.rstrip()))
        return
    session.show(
        {"shipped": list(library.names())}, lambda: output.table(("Name", "For"), [(one, library.about(one)) for one in library.names()])
    )


@policy.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that no new page uses.")
@pass_session
def list_policies(session: Session, everything: bool) -> None:
    """List escalation policies."""
    answer = session.api.get("/policies", **({"everything": "true"} if everything else {}))
    rows = [
        (
            one["id"],
            one["name"],
            one["version"],
            one["steps"],
            "a hole is accepted" if one["waived"] else "retired" if one["retired"] else "",
        )
        for one in answer["policies"]
    ]
    session.show(answer, lambda: output.table(("ID", "Name", "Version", "Steps", ""), rows, "There is none yet: tocsin policy apply FILE."))


@policy.command("show")
@click.argument("policy_id", metavar="ID")
@pass_session
def show_policy(session: Session, policy_id: str) -> None:
    """Show an escalation policy."""
    found = session.api.get(f"/policies/{policy_id}")

    def people() -> None:
        saved = found["policy"]
        output.say(
            f"{output.strong(found['id'])}  {saved.get('name', '')}  version {found['version']}{'  (retired)' if found['retired'] else ''}"
        )
        if saved.get("about"):
            output.say(saved["about"])
        rows = [
            (
                index + 1,
                ", ".join(step["to"]),
                _when(step),
                "one in turn" if step.get("pick") == "in_turn" else "all",
                step.get("acknowledgements", 1),
                _extra(step),
            )
            for index, step in enumerate(saved["steps"])
        ]
        output.table(("Step", "Calls", "Then", "Who", "Acknowledgements", ""), rows)
        output.pairs(
            [
                ("Begins again", saved.get("repeat")),
                ("Last resort", ", ".join(saved.get("last_resort", ()))),
                ("Lease", saved.get("lease")),
                ("Accepted", f"{saved['waiver']['by']}: {saved['waiver']['reason']}" if saved.get("waiver") else None),
            ],
        )

    session.show(found, people)


def _when(step: dict[str, Any]) -> str:
    return f"at the age of {step['at_age']}" if step.get("at_age") else f"waits {step.get('wait', '5m')}"


def _extra(step: dict[str, Any]) -> str:
    only = step.get("only")
    hours = f"only {only['from']}–{only['to']}" if only else ""
    return "; ".join(text for text in (hours, f"as {step['urgency']} urgency" if step.get("urgency") else "", step.get("name", "")) if text)


@policy.command("test")
@click.argument("policy_id", metavar="ID")
@click.option("--at", default=None, metavar="TIME", help="When the page is opened; now without it.")
@click.option("--zone", default=None, help="The time zone of --at; UTC without it.")
@click.option("--urgency", type=_URGENCY, default="high", show_default=True)
@pass_session
def test_policy(session: Session, policy_id: str, at: str | None, zone: str | None, urgency: str) -> None:
    """Show who would be called when, if nobody answered. Nothing is sent."""
    moment = times.coming(at, session.now(), times.zone_of(zone), "--at") if at else None
    found = session.api.get(f"/policies/{policy_id}/rehearsal", urgency=urgency, **({"at": moment} if moment else {}))

    def people() -> None:
        opened = output.moment(found["opened_at"])
        assert opened is not None
        rows = []
        for line in found["lines"]:
            at_ = output.moment(line["at"])
            assert at_ is not None
            rows.append(
                (f"+{output.span((at_ - opened).total_seconds())}", line["step"] or "", line["person"], line["way"],
                 "" if not line["person"] else "proved" if line["verified"] else output.tone("not proved", "warn"), line["why"]),
            )  # fmt: skip
        output.table(("After", "Step", "Person", "By", "Way", ""), rows)

    session.show(found, people)


@policy.command("retire")
@click.argument("policy_id", metavar="ID")
@click.option("--why", default="")
@pass_session
def retire(session: Session, policy_id: str, why: str) -> None:
    """Have no new page use a policy; pages that are open keep it."""
    answer = session.api.post(f"/policies/{policy_id}/retire", {"why": why})
    session.done(answer, f"{policy_id}: {'retired' if answer['changed'] else 'nothing changed'}.")


# -- the pager itself -----------------------------------------------------------------------------


@pager.command("show")
@pass_session
def show_pager(session: Session) -> None:
    """Show how the pager watches itself, and what it found."""
    found = session.api.get("/pager")

    def people() -> None:
        now = session.now()
        settings, synthetic = found["settings"], found["synthetic"]
        output.say(
            output.tone("The pager is well.", "good")
            if found["well"]
            else output.tone(f"Trouble since {output.when(found['since'], now)}:", "bad")
        )
        for one in found["problems"]:
            output.say(f"  {one}")
        took = (
            f"{synthetic['seconds']:.3f} s, {output.when(synthetic['arrived_at'], now)}"
            if synthetic["seconds"] is not None
            else "none has arrived yet"
        )
        output.pairs(
            [
                ("Last resort", ", ".join(settings["last_resort"]) or "nobody"),
                ("Synthetic page", f"every {settings['synthetic_every']} to {', '.join(settings['synthetic_to']) or 'the outbox folder'}: {took}"
                 if settings["synthetic_every"] else "off"),
                ("Heartbeat", f"every {settings['heartbeat_every']} to {settings['heartbeat_url']}" if settings["heartbeat_url"] else "off"),
            ],
        )  # fmt: skip

    session.show(found, people)


@pager.command("set")
@click.option(
    "--last-resort", multiple=True, metavar="A,B", help="Who is called when nobody else answers, and hears of the pager's own trouble."
)
@click.option("--synthetic-every", default=None, metavar="SPAN", help="How often a page is sent through the whole path; `off` for never.")
@click.option("--synthetic-to", multiple=True, metavar="A,B", help="Whom it is sent to.")
@click.option("--heartbeat-url", default=None, metavar="URL", help="A watcher outside that is told that all is well; `off` for none.")
@click.option("--heartbeat-every", default=None, metavar="SPAN")
@pass_session
def set_pager(session: Session, /, last_resort: tuple[str, ...], synthetic_to: tuple[str, ...], **given: str | None) -> None:
    """Say how the pager watches itself. What is not named stays as it is."""
    settings = dict(session.api.get("/pager")["settings"])
    settings |= {name: "" if value == "off" else value for name, value in given.items() if value is not None}
    settings |= {name: listed(value) for name, value in (("last_resort", last_resort), ("synthetic_to", synthetic_to)) if value}
    answer = session.api.post("/pager", settings)
    session.done(answer, "Set." if answer["changed"] else "Nothing changed.")
