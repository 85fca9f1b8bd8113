"""``tocsin service``: the catalogue of what can break."""

from __future__ import annotations

from typing import Any

import click

from tocsin.cli import output
from tocsin.cli.shell import Session, assignments, group, listed, pass_session

service = group("service", "The service catalogue.")


_KEPT = ("name", "owner", "playbook", "links", "aliases", "page", "policy", "about", "contacts")


def saved(found: dict[str, Any]) -> dict[str, Any]:
    """Return what is written down of a service, whether the API nests it or not."""
    inner = found.get("saved")
    return {**found, **inner} if isinstance(inner, dict) else found


@service.command("save")
@click.argument("service_id", metavar="ID")
@click.option("--name", help="Its name; the id without one.")
@click.option("--owner", metavar="TEAM", help="The team that owns it.")
@click.option("--playbook", help="The playbook of its incidents.")
@click.option("--link", "links", multiple=True, metavar="NAME=URL", help="dashboard=…, runbook=…; may be repeated.")
@click.option("--alias", "aliases", multiple=True, metavar="A,B", help="What other systems call it.")
@click.option("--page", multiple=True, metavar="A,B", help="Who is paged.")
@click.option("--policy", help="The escalation policy of its pages.")
@click.option("--contact", "contacts", multiple=True, metavar="NAME=WHERE", help="Whom else one asks: chat=#payments; may be repeated.")
@click.option("--about", help="What it does.")
@pass_session
def save(
    session: Session, /, service_id: str, links: tuple[str, ...], aliases: tuple[str, ...], page: tuple[str, ...], contacts: tuple[str, ...], **given: Any,
) -> None:  # fmt: skip
    """Write a service down as it is from now on. What is not given stays as it was; an empty text ("") takes it out."""
    everything = session.api.get("/services", everything="true")["services"]
    before = saved(session.api.get(f"/services/{service_id}")) if any(one["id"] == service_id for one in everything) else {}
    several = {
        "links": dict(assignments(links, "--link")), "contacts": dict(assignments(contacts, "--contact")), "aliases": listed(aliases), "page": listed(page),
    }  # fmt: skip
    kept = {name: before[name] for name in _KEPT if name in before}
    body = {
        "name": service_id, **kept, **{name: value for name, value in several.items() if value},
        **{name: value for name, value in given.items() if value is not None},
    }  # fmt: skip
    answer = session.api.post(f"/services/{service_id}", body)
    session.done(answer, f"{service_id}: {'saved' if answer.get('changed', True) else 'nothing changed'}.")


@service.command("retire")
@click.argument("service_id", metavar="ID")
@click.option("--why", default="", help="Why.")
@pass_session
def retire(session: Session, service_id: str, why: str) -> None:
    """Take a service out of the catalogue. Its names are free; `tocsin service save` brings it back."""
    answer = session.api.post(f"/services/{service_id}/retire", {"why": why})
    session.done(answer, f"{service_id}: {'it is no more' if answer['changed'] else 'it was no more already'}.")


@service.command("show")
@click.argument("service_id", metavar="ID")
@pass_session
def show(session: Session, service_id: str) -> None:
    """Show a service."""
    found = session.api.get(f"/services/{service_id}")

    def people() -> None:
        shown = saved(found)
        output.say(f"{output.strong(shown['id'])}  {shown['name']}")
        output.pairs(
            [
                ("Owner", shown.get("owner")),
                ("Playbook", shown.get("playbook")),
                ("Policy", shown.get("policy")),
                ("Paged", ", ".join(shown.get("page", []))),
                ("Also called", ", ".join(shown.get("aliases", []))),
                ("Ask", "\n".join(f"{name}: {where}" for name, where in shown.get("contacts", {}).items())),
                ("Retired", "yes" if shown.get("retired") else ""),
                ("Links", "\n".join(f"{name}: {url}" for name, url in shown.get("links", {}).items())),
                ("About", shown.get("about")),
            ],
        )

    session.show(found, people)


@service.command("list")
@pass_session
def list_(session: Session) -> None:
    """List all services."""
    answer = session.api.get("/services")
    rows = [(one["id"], one["name"], one.get("owner"), one.get("playbook")) for one in map(saved, answer["services"])]
    session.show(
        answer, lambda: output.table(("ID", "Name", "Owner", "Playbook"), rows, "No service is written down yet: tocsin service save ID.")
    )
