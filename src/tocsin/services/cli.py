"""``tocsin service``: the catalogue of what can break."""

from __future__ import annotations

from typing import Any

import click

from tocsin.cli import output
from tocsin.cli.shell import Session, assignments, group, listed, pass_session

service = group("service", "The service catalogue.")


def saved(found: dict[str, Any]) -> dict[str, Any]:
    """Return what is written down of a service, whether the API nests it or not."""
    inner = found.get("saved")
    return {**found, **inner} if isinstance(inner, dict) else found


@service.command("save")
@click.argument("service_id", metavar="ID")
@click.option("--name", help="Its name; the id without one.")
@click.option("--owner", default="", metavar="TEAM", help="The team that owns it.")
@click.option("--playbook", default="", help="The playbook of its incidents.")
@click.option("--link", "links", multiple=True, metavar="NAME=URL", help="dashboard=…, runbook=…; may be repeated.")
@click.option("--alias", "aliases", multiple=True, metavar="A,B", help="What other systems call it.")
@click.option("--page", multiple=True, metavar="A,B", help="Who is paged.")
@click.option("--policy", default="", help="The escalation policy of its pages.")
@click.option("--about", default="", help="What it does.")
@pass_session
def save(
    session: Session, /, service_id: str, name: str | None, links: tuple[str, ...], aliases: tuple[str, ...], page: tuple[str, ...], **given: Any,
) -> None:  # fmt: skip
    """Write a service down as it is from now on."""
    body = {
        **given,
        "name": name or service_id,
        "links": dict(assignments(links, "--link")),
        "aliases": listed(aliases),
        "page": listed(page),
    }
    answer = session.api.post(f"/services/{service_id}", body)
    session.done(answer, f"{service_id}: {'saved' if answer.get('changed', True) else 'nothing changed'}.")


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
