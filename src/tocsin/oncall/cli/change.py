"""``tocsin oncall apply|override|swap|cover|absence|subscribe``: what people change."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from tocsin.cli import output
from tocsin.cli.shell import Session, group, pass_session, read_file
from tocsin.engine.errors import Refused
from tocsin.oncall import load
from tocsin.oncall.cli.common import clock_of, local, oncall, read_time, schedule_argument, stretch, stretch_options, wire, zone_option

override = group("override", "Decide otherwise for a while.")
swap = group("swap", "Give a shift, or a part of one, to somebody who agrees.")
cover = group("cover", "Ask everybody to take a shift, or a part of one.")
absence = group("absence", "When people are away.")
for _one in (override, swap, cover, absence):
    oncall.add_command(_one)


@oncall.command("apply")
@click.argument("file", type=click.Path(allow_dash=True))
@click.option("--since", metavar="TIME", help="From when it counts; now without it.")
@click.option("--dry-run", is_flag=True, help="Only try it: who would be on call in the next two weeks, and where the holes are.")
@zone_option
@pass_session
def apply(session: Session, file: str, since: str | None, dry_run: bool, zone: str | None) -> None:
    """Write down the schedules of a YAML file as they are from now on. What is the same stays untouched."""
    try:
        found = load.schedules(read_file(file).decode("utf-8"), file)
    except Refused as refusal:
        raise click.ClickException(str(refusal)) from refusal
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file} is not UTF-8.") from error
    if dry_run:
        answers = {name: session.api.post("/schedules/preview", _body(rota)) for name, rota in found}
        session.show(answers, lambda: _preview(session, answers, zone))
        return
    moment = wire(read_time(session, since, clock_of(session, zone)[0], "--since")) if since else None
    answers = {
        name: session.api.post(f"/schedules/{name}", {**_body(rota), **({"since": moment} if moment else {})}) for name, rota in found
    }

    def show() -> None:
        for name, answer in answers.items():
            unknown = answer.get("unknown_people") or []
            note = f" Not written down yet: {', '.join(unknown)} (tocsin person save)." if unknown else ""
            output.say(f"{name}: {'saved' if answer['changed'] else 'nothing changed'}.{note}")

    session.show(answers, show)


def _body(rota: Any) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(rota)
    return found


def _preview(session: Session, answers: dict[str, Any], zone: str | None) -> None:
    clock, _ = clock_of(session, zone)
    for name, answer in answers.items():
        output.heading(name)
        rows = [(local(one["start"], clock), local(one["end"], clock), one["name"], one["role"]) for one in answer["shifts"]]
        output.table(("From", "To", "Who", "Line"), rows, "Nobody would be on call.")
        for one in answer["findings"]:
            output.say(f"  ! {local(one['start'], clock)}: {one['says']}")


@override.command("add")
@schedule_argument
@click.option("--person", "whom", help="Who comes; you without it.")
@click.option("--instead-of", metavar="PERSON", help="Only in the place of this person; of everybody without it.")
@click.option("--beside", is_flag=True, help="Beside whoever is on call.")
@click.option("--remove", metavar="PERSON", help="This person is not on call; nobody comes.")
@click.option("--line", "role", default="", help="Another line than the first.")
@click.option("--why", default="")
@stretch_options
@pass_session
def add_override(
    session: Session, /, schedule: str, whom: str | None, instead_of: str | None, beside: bool, remove: str | None, role: str, why: str,
    from_: str, to: str, zone: str | None,
) -> None:  # fmt: skip
    """Put somebody on call for a while."""
    clock, _ = clock_of(session, zone, session.api.get(f"/schedules/{schedule}")["zone"])
    how = "remove" if remove else "add" if beside else "replace" if instead_of else "take"
    span = stretch(session, from_, to, clock)
    body = {**span, "how": how, "person": whom, "instead_of": remove or instead_of or "", "role": role, "why": why}
    answer = session.api.post(f"/schedules/{schedule}/overrides", body)
    session.done(answer, f"{answer['override']}: {local(span['start'], clock)} to {local(span['end'], clock)}.")


@override.command("remove")
@schedule_argument
@click.argument("override_id", metavar="ID")
@click.option("--why", default="")
@pass_session
def remove_override(session: Session, schedule: str, override_id: str, why: str) -> None:
    """Take an override back; what it has changed already stays."""
    answer = session.api.post(f"/schedules/{schedule}/overrides/remove", {"override": override_id, "why": why})
    session.done(answer, f"{override_id} ends now.")


@swap.command("offer")
@schedule_argument
@click.option("--with", "other", required=True, metavar="PERSON", help="Who is asked.")
@click.option("--person", "whom", help="Whose shift; yours without it.")
@click.option("--back-from", metavar="TIME", help="What you take in return: from when.")
@click.option("--back-to", metavar="TIME", help="Until when.")
@click.option("--line", "role", default="")
@click.option("--why", default="")
@stretch_options
@pass_session
def offer(
    session: Session, /, schedule: str, other: str, whom: str | None, back_from: str | None, back_to: str | None, role: str, why: str,
    from_: str, to: str, zone: str | None,
) -> None:  # fmt: skip
    """Ask somebody to take your shift, perhaps for one of theirs."""
    clock, _ = clock_of(session, zone, session.api.get(f"/schedules/{schedule}")["zone"])
    body: dict[str, Any] = {**stretch(session, from_, to, clock), "person": whom, "to": other, "role": role, "why": why}
    if back_from or back_to:
        back = stretch(session, back_from or "", back_to or "", clock)
        body |= {"back_start": back["start"], "back_end": back["end"]}
    answer = session.api.post(f"/schedules/{schedule}/offers", body)
    session.done(
        answer, f"{answer['exchange']}: {other} is asked. They accept with: tocsin oncall swap accept {schedule} {answer['exchange']}"
    )


@cover.command("ask")
@schedule_argument
@click.option("--person", "whom", help="Whose shift; yours without it.")
@click.option("--line", "role", default="")
@click.option("--why", default="")
@stretch_options
@pass_session
def ask(session: Session, /, schedule: str, whom: str | None, role: str, why: str, from_: str, to: str, zone: str | None) -> None:
    """Ask everybody to take your shift."""
    clock, _ = clock_of(session, zone, session.api.get(f"/schedules/{schedule}")["zone"])
    body = {**stretch(session, from_, to, clock), "person": whom, "role": role, "why": why}
    answer = session.api.post(f"/schedules/{schedule}/offers", body)
    session.done(answer, f"{answer['exchange']}: anybody may take it: tocsin oncall cover take {schedule} {answer['exchange']}")


def _take(session: Session, schedule: str, offer_id: str, whom: str | None) -> None:
    """Take a shift that is offered."""
    answer = session.api.post(f"/schedules/{schedule}/offers/take", {"exchange": offer_id, "person": whom})
    session.done(answer, f"{offer_id}: taken.")


def _decline(session: Session, schedule: str, offer_id: str, whom: str | None) -> None:
    """Say no to an offer."""
    answer = session.api.post(f"/schedules/{schedule}/offers/decline", {"exchange": offer_id, "person": whom})
    session.done(answer, f"{offer_id}: declined.")


def _withdraw(session: Session, schedule: str, offer_id: str, whom: str | None) -> None:
    """Take an offer back that nobody has taken."""
    answer = session.api.post(f"/schedules/{schedule}/offers/withdraw", {"exchange": offer_id})
    session.done(answer, f"{offer_id}: withdrawn.")


def _list(session: Session, whom: str | None, zone: str | None) -> None:
    """List shifts that can be taken."""
    clock, _ = clock_of(session, zone)
    answer = session.api.get("/on-call/offers", person=whom)
    rows = [
        (one["schedule"], one["id"], one["person"], one.get("to") or "anybody", local(one["start"], clock), local(one["end"], clock), one.get("why", ""))
        for one in answer["offers"]
    ]  # fmt: skip
    session.show(
        answer, lambda: output.table(("Schedule", "ID", "Of", "To", "From", "Until", "Why"), rows, "Nobody wants to give a shift away.")
    )


def _add_answers() -> None:
    whom = click.option("--person", "whom", help="Who answers; you without it.")
    offer_id = click.argument("offer_id", metavar="ID")
    for where, name, function in (
        (swap, "accept", _take), (swap, "decline", _decline), (swap, "withdraw", _withdraw), (cover, "take", _take),
        (cover, "decline", _decline), (cover, "withdraw", _withdraw),
    ):  # fmt: skip
        where.command(name)(schedule_argument(offer_id(whom(pass_session(function)))))
    for where in (swap, cover):
        where.command("list")(click.option("--person", "whom", help="Only what this person may take.")(zone_option(pass_session(_list))))


_add_answers()


@absence.command("add")
@click.argument("whom", metavar="PERSON")
@click.option("--why", default="")
@stretch_options
@pass_session
def add_absence(session: Session, whom: str, why: str, from_: str, to: str, zone: str | None) -> None:
    """Write down that somebody is away."""
    clock, _ = clock_of(session, zone)
    body = {**stretch(session, from_, to, clock), "why": why}
    answer = session.api.post(f"/people/{whom}/absences", body)
    session.done(answer, f"{answer['absence']}: {whom} is away {local(body['start'], clock)} to {local(body['end'], clock)}.")


@absence.command("remove")
@click.argument("whom", metavar="PERSON")
@click.argument("absence_id", metavar="ID")
@pass_session
def remove_absence(session: Session, whom: str, absence_id: str) -> None:
    """Take an absence back; one that has begun ends now."""
    session.done(session.api.post(f"/people/{whom}/absences/remove", {"absence": absence_id}), f"{absence_id}: {whom} is there.")


@absence.command("list")
@click.argument("whom", metavar="PERSON")
@zone_option
@pass_session
def list_absences(session: Session, whom: str, zone: str | None) -> None:
    """List when somebody is away."""
    clock, _ = clock_of(session, zone)
    answer = session.api.get(f"/people/{whom}/availability")
    rows = [(one["id"], local(one["start"], clock), local(one["end"], clock), one.get("why", "")) for one in answer["absences"]]
    rows += [
        (f"calendar {one['calendar']}", local(span["start"], clock), local(span["end"], clock), span.get("why", ""))
        for one in answer["calendars"]
        for span in one["spans"]
    ]
    session.show(answer, lambda: output.table(("ID", "From", "To", "Why"), rows, f"{whom} is there all the time."))


@oncall.command("subscribe")
@schedule_argument
@click.argument("place", metavar="CHANNEL=TARGET")
@click.option("--stop", is_flag=True, help="Tell it no more.")
@pass_session
def subscribe(session: Session, schedule: str, place: str, stop: bool) -> None:
    """Have a place told who is on call, now and whenever it changes: webhook=https://…, email=…, file=…."""
    channel, equals, target = place.partition("=")
    if not equals:
        raise click.BadParameter(f"{place!r} is not of the form channel=target", param_hint="CHANNEL=TARGET")
    answer = session.api.post(f"/schedules/{schedule}/subscribers{'/remove' if stop else ''}", {"channel": channel, "target": target})
    session.done(answer, f"{place} {'hears no more of' if stop else 'hears who is on call in'} {schedule}.")
