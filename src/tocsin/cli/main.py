"""``tocsin``: groups of commands, each loaded when it is used, so that help is quick."""

from __future__ import annotations

import importlib
from typing import Any, Final

import click

from tocsin.cli.shell import Session

_GROUPS: Final[dict[str, tuple[str, str]]] = {
    "incident": ("tocsin.incidents.cli.entries", "Declare an incident and lead it to its end."),
    "role": ("tocsin.incidents.cli.response", "Who leads, who writes, who tells."),
    "mitigation": ("tocsin.incidents.cli.response", "What is done to stop the harm."),
    "timeline": ("tocsin.incidents.cli.record", "What happened, in order."),
    "milestone": ("tocsin.incidents.cli.record", "When it began, was noticed, was over."),
    "figure": ("tocsin.incidents.cli.record", "Figures of the impact."),
    "check": ("tocsin.incidents.cli.duties", "Criteria of gates and checklists."),
    "obligation": ("tocsin.incidents.cli.duties", "Duties with a time."),
    "update": ("tocsin.comms.cli", "Tell people how it stands."),
    "status": ("tocsin.comms.status.cli", "The public status page, its components, and who subscribed."),
    "severity": ("tocsin.playbooks.cli", "How bad is it."),
    "playbook": ("tocsin.playbooks.cli", "The procedures that incidents run under."),
    "alert": ("tocsin.alerts.cli", "What monitoring has reported."),
    "group": ("tocsin.alerts.groups.cli", "Alerts of one cause, and the people who are called for them."),
    "route": ("tocsin.alerts.routes.cli", "Where alerts go, how they are grouped, and how loudly they call."),
    "silence": ("tocsin.alerts.quiet.cli", "Alerts that nobody wants to hear of for a while."),
    "maintenance": ("tocsin.alerts.quiet.cli", "Work that was announced, during which nobody is called."),
    "inhibition": ("tocsin.alerts.quiet.cli", "Alerts that keep others quiet while they fire."),
    "change": ("tocsin.alerts.changes.cli", "Deployments, builds and planned work."),
    "intake": ("tocsin.alerts.preview.cli", "Who may send alerts, by which addresses, and what a body would become."),
    "receipt": ("tocsin.alerts.cli", "What senders have sent, and what became of it."),
    "heartbeat": ("tocsin.heartbeats.cli", "Jobs that report at intervals; their silence is an alert."),
    "page": ("tocsin.paging.cli.calls", "Call people until somebody acknowledges."),
    "pages": ("tocsin.paging.cli.calls", "Who is being called, and what becomes of it."),
    "policy": ("tocsin.paging.cli.policies", "Escalation policies: who is called, in which order."),
    "explain": ("tocsin.paging.cli.calls", "Why something happened."),
    "pager": ("tocsin.paging.cli.pager", "The pager's watch over itself, and the last resort."),
    "person": ("tocsin.people.cli", "People."),
    "contact": ("tocsin.people.cli", "Ways to reach people."),
    "team": ("tocsin.people.cli", "Teams."),
    "account": ("tocsin.people.account_cli", "Who may sign in, and as what."),
    "token": ("tocsin.people.token_cli", "What programs show instead of a sign-in."),
    "audit": ("tocsin.people.audit_cli", "Who did what, when, and from where."),
    "channel": ("tocsin.channels.cli", "The ways by which people are reached."),
    "oncall": ("tocsin.oncall.cli.every", "Who is on call, and what is agreed about it."),
    "search": ("tocsin.search.cli", "Find what people wrote, wherever they wrote it."),
    "service": ("tocsin.services.cli", "The service catalogue."),
    "postmortem": ("tocsin.postmortems.cli", "The review of an incident."),
    "evidence": ("tocsin.postmortems.cli", "Save everything about an incident in one archive."),
    "action": ("tocsin.actions.cli", "Action items and what becomes of them."),
    "metrics": ("tocsin.insights.cli", "The durations and counts of one incident."),
    "adherence": ("tocsin.insights.cli", "Which duties of one incident were kept."),
    "health": ("tocsin.insights.cli", "How one incident was handled."),
    "insights": ("tocsin.insights.cli", "Figures over many incidents."),
    "apply": ("tocsin.cli.apply", "Write down people, services, schedules, policies and routes from files."),
    "clock": ("tocsin.cli.clock", "The installation's time."),
    "doctor": ("tocsin.cli.doctor", "Check this installation and say what to do."),
    "sign-in": ("tocsin.cli.sign_in", "Make a link that signs a browser in."),
    "serve": ("tocsin.cli.serve", "Start the server."),
    "demo": ("tocsin.drills.cli", "Play a real incident on a virtual clock."),
}
"""Command -> module that defines it under the same name, and the line that help shows."""

EXITS: Final = """\b
Exit codes:
  0  done
  1  refused; the message says why and what to do
  2  not understood: an unknown command, option or value
  3  no server answers
  4  done, and something was found (lint, verify, claims, tests)"""


class Lazy(click.Group):
    """A group whose commands are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return list(_GROUPS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        found = _GROUPS.get(cmd_name)
        if found is None:
            return None
        return getattr(importlib.import_module(found[0]), cmd_name.replace("-", "_"))  # type: ignore[no-any-return]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in _GROUPS.items()])


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXITS)
@click.option("--server", metavar="URL", help="The server to talk to (TOCSIN_SERVER).")
@click.option("--data", metavar="DIR", help="The data directory of this machine's installation (TOCSIN_DATA).")
@click.option("--token", metavar="TOKEN", help="The API token (TOCSIN_TOKEN); the installation's own where it is this machine's.")
@click.option(
    "--as", "person", metavar="NAME", help="The person who acts (TOCSIN_PERSON); only the installation's own token acts for others."
)
@click.option("--json", "as_json", is_flag=True, help="Print answers as JSON; also accepted after the command.")
@click.version_option(package_name="tocsin", message="%(version)s")
@click.pass_context
def cli(ctx: click.Context, /, **settings: Any) -> None:
    """Tocsin: from the first alert to the last action item of the postmortem.

    A command talks to the server that works on the data directory, or to --server; where none runs, it works on the data directory
    itself. The incident's ID may be left out while exactly one is open.
    """
    session = Session(**settings)
    ctx.obj = session
    ctx.call_on_close(session.close)


def main() -> None:
    """Run the command line."""
    cli(prog_name="tocsin")
