"""``tocsin policy``: who is called, in which order."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from tocsin.cli import output, times
from tocsin.cli.shell import Session, group, pass_session
from tocsin.engine.errors import Refused

policy = group("policy", "Escalation policies: who is called, in which order.")

_URGENCY: Final = click.Choice(["high", "low"])


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
