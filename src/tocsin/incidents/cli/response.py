"""``tocsin role`` and ``tocsin mitigation``: who does what, and what is done to stop the harm."""

from __future__ import annotations

from typing import Any

import click

from tocsin.cli import output
from tocsin.cli.shell import Session, at_options, group, on_incident, pass_session
from tocsin.incidents.cli.show import mitigation_row

role = group("role", "Who leads, who writes, who tells.")
mitigation = group("mitigation", "What is done to stop the harm.")


def _role_command(name: str, says: str) -> None:
    @role.command(name, help=says)
    @on_incident("role", "person")
    @click.option("--note", default="", help="What is handed over, or why.")
    @at_options
    @pass_session
    def run(session: Session, incident: str, role: str, person: str, note: str, at: str | None, zone: str | None) -> None:
        answer = session.api.post(
            f"/incidents/{incident}/roles", {"role": role, "person": person, "note": note, "at": session.past(at, zone)}
        )

        def people() -> None:
            output.say(f"{incident}: {answer['person']} is {answer['role']}.")
            for sentence in answer["conflicts"]:
                output.say(output.tone(f"{sentence}.", "warn"))

        session.show(answer, people)


_role_command("assign", "Give a ROLE to a PERSON.")
_role_command("handover", "Hand a ROLE over to a PERSON; where it leads, all roles are posted again.")


@role.command("vacate")
@on_incident("role")
@click.option("--note", default="", help="Why.")
@at_options
@pass_session
def vacate(session: Session, incident: str, role: str, note: str, at: str | None, zone: str | None) -> None:
    """Take a ROLE from its holder without naming another."""
    answer = session.api.post(f"/incidents/{incident}/roles/vacate", {"role": role, "note": note, "at": session.past(at, zone)})
    session.done(answer, f"{incident}: nobody holds {answer['role']} now.")


@role.command("offer")
@on_incident("role", "person")
@click.option("--note", default="", help="What they need to know.")
@pass_session
def offer(session: Session, incident: str, role: str, person: str, note: str) -> None:
    """Ask a PERSON to take a ROLE; it stays where it is until they accept."""
    answer = session.api.post(f"/incidents/{incident}/roles/offer", {"role": role, "person": person, "note": note})
    session.done(answer, f"{incident}: {answer['person']} was asked to take {answer['role']}.")


@role.command("accept")
@on_incident("role")
@pass_session
def accept(session: Session, incident: str, role: str) -> None:
    """Take a ROLE that was offered to you (--as NAME)."""
    answer = session.api.post(f"/incidents/{incident}/roles/accept", {"role": role})
    session.done(answer, f"{incident}: {answer['person']} is {answer['role']}.")


@role.command("decline")
@on_incident("role")
@click.option("--note", default="", help="Why.")
@pass_session
def decline(session: Session, incident: str, role: str, note: str) -> None:
    """Decline a ROLE that was offered to you, or withdraw the offer."""
    answer = session.api.post(f"/incidents/{incident}/roles/decline", {"role": role, "note": note})
    session.done(answer, f"{incident}: the offer of {answer['role']} no longer stands.")


@role.command("list")
@on_incident()
@pass_session
def list_roles(session: Session, incident: str) -> None:
    """List the roles of the playbook and who holds them."""
    view = session.api.get(f"/incidents/{incident}")
    roles = view.get("roles", [])
    answer = {"incident": incident, "roles": roles, "missing": view.get("missing_roles", []), "conflicts": view.get("role_conflicts", [])}

    def people() -> None:
        now = output.moment(view["as_of"])
        assert now is not None
        rows = [
            (one["role"], one["name"], one["person"] or (output.tone("wanted", "warn") if one["role"] in answer["missing"] else ""),
             one["since"] and output.when(one["since"], now))
            for one in roles
        ]  # fmt: skip
        output.table(("Role", "Name", "Person", "Since"), rows, "The playbook has no roles.")
        for sentence in answer["conflicts"]:
            output.say(output.tone(f"{sentence}.", "warn"))

    session.show(answer, people)


@mitigation.command("start")
@on_incident("kind", "text")
@click.option("--by", default="", metavar="PERSON", help="Who does it.")
@click.option("--before", default="", metavar="VALUE", help="The value before, such as 20.")
@click.option("--after", default="", metavar="VALUE", help="The value after, such as 50.")
@click.option("--done", is_flag=True, help="It is in place already.")
@click.option("--confirmed", default="", metavar="TEXT", help="For a dangerous kind: what was checked first.")
@at_options
@pass_session
def start(session: Session, /, incident: str, kind: str, text: str, at: str | None, zone: str | None, **given: Any) -> None:
    """Begin a mitigation of a KIND that the playbook has."""
    answer = session.api.post(f"/incidents/{incident}/mitigations", {**given, "kind": kind, "text": text, "at": session.past(at, zone)})
    session.done(answer, f"{incident}: mitigation {answer['mitigation']} {'in place' if given['done'] else 'begun'}.")


@mitigation.command("complete")
@on_incident("mitigation")
@click.option("--text", default="", help="How it went.")
@click.option("--after", default="", metavar="VALUE", help="The value after.")
@at_options
@pass_session
def complete(session: Session, incident: str, mitigation: str, text: str, after: str, at: str | None, zone: str | None) -> None:
    """Say that a MITIGATION (M1, M2 …) is in place."""
    body = {"mitigation": mitigation.upper(), "text": text, "after": after, "at": session.past(at, zone)}
    answer = session.api.post(f"/incidents/{incident}/mitigations/complete", body)
    session.done(answer, f"{incident}: mitigation {answer['mitigation']} in place.")


@mitigation.command("verify")
@on_incident("mitigation")
@click.option("--helped/--no-effect", "effective", default=True, show_default=True, help="Whether it helped.")
@click.option("--text", default="", help="What was seen.")
@click.option("--after", default="", metavar="VALUE", help="The value after.")
@at_options
@pass_session
def verify(
    session: Session, incident: str, mitigation: str, effective: bool, text: str, after: str, at: str | None, zone: str | None
) -> None:
    """Say whether a MITIGATION helped."""
    body = {"mitigation": mitigation.upper(), "effective": effective, "text": text, "after": after, "at": session.past(at, zone)}
    answer = session.api.post(f"/incidents/{incident}/mitigations/verify", body)
    session.done(answer, f"{incident}: mitigation {answer['mitigation']} {'helped' if answer['effective'] else 'did not help'}.")


@mitigation.command("list")
@on_incident()
@pass_session
def list_mitigations(session: Session, incident: str) -> None:
    """List the mitigations of an incident."""
    view = session.api.get(f"/incidents/{incident}")

    def people() -> None:
        now = output.moment(view["as_of"])
        assert now is not None
        output.table(
            ("", "Kind", "Begun", "Result", "What"), [mitigation_row(m, now) for m in view["mitigations"]], "Nothing has been done yet."
        )

    session.show({"incident": incident, "mitigations": view["mitigations"]}, people)
