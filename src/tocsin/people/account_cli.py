"""``tocsin account``: who may sign in, and as what."""

from __future__ import annotations

from typing import Any, Final

import click

from tocsin.cli import output
from tocsin.cli.shell import Session, group, pass_session
from tocsin.people.rights import ROLES

account = group("account", "Who may sign in, and as what.")

_ROLE: Final = click.Choice(ROLES)


@account.command("add")
@click.argument("person_id", metavar="ID")
@click.option("--role", type=_ROLE, default="responder", show_default=True, help="What they may do.")
@click.option("--name", default="", help="Their name, where nobody has written them down yet.")
@pass_session
def add(session: Session, /, person_id: str, role: str, name: str) -> None:
    """Give a person an account and print their invitation: a link by which they set a password, once, within seven days."""
    made = session.api.post(f"/accounts/{person_id}", {"role": role, "name": name})
    session.show(made, lambda: _say_link(f"{person_id} has the role {role}. Hand over this link; it works once:", made["link"]))


def _say_link(sentence: str, link: dict[str, Any]) -> None:
    output.say(sentence)
    output.say(link["url"] if str(link["url"]).startswith("http") else f"https://<the server>{link['path']}")


@account.command("list")
@pass_session
def list_(session: Session) -> None:
    """List accounts with their roles."""
    found = session.api.get("/accounts")["accounts"]

    def people() -> None:
        rows = [
            (
                one["id"], one["name"] if one["name"] != one["id"] else "", one["role"],
                "switched off" if not one["active"] else "can sign in" if one["has_password"] else "invited",
            )
            for one in found
        ]  # fmt: skip
        output.table(("Account", "Name", "Role", "Stands"), rows, "Nobody has an account yet: tocsin account add ID --role administrator.")

    session.show(found, people)


@account.command("role")
@click.argument("person_id", metavar="ID")
@click.argument("role", type=_ROLE)
@pass_session
def role_(session: Session, person_id: str, role: str) -> None:
    """Give a person another role; it counts from their next request on."""
    answer = session.api.post(f"/accounts/{person_id}/role", {"role": role})
    session.done(answer, f"{person_id} has the role {role}{'' if answer['changed'] else ' already'}.")


@account.command("disable")
@click.argument("person_id", metavar="ID")
@click.option("--why", default="", help="The reason, for the record.")
@click.option("--undo", is_flag=True, help="Let them sign in again.")
@pass_session
def disable(session: Session, /, person_id: str, why: str, *, undo: bool) -> None:
    """Let a person sign in no more. Their sessions and tokens end at once; what they did stays in the record."""
    if undo:
        answer = session.api.post(f"/accounts/{person_id}/enable", {})
        session.done(answer, f"{person_id} can sign in again.")
        return
    answer = session.api.post(f"/accounts/{person_id}/disable", {"why": why})
    session.done(answer, f"{person_id} cannot sign in any more. {answer.get('sessions_ended', 0)} browsers were signed out.")


@account.command("reset")
@click.argument("person_id", metavar="ID")
@pass_session
def reset(session: Session, person_id: str) -> None:
    """Make a link by which a person sets a new password, once, within a day. Earlier links stop working."""
    made = session.api.post(f"/accounts/{person_id}/link", {})
    session.show(made, lambda: _say_link(f"Hand this link over to {person_id}; it works once:", made))
