"""``tocsin apply``: people, teams, services, schedules, policies, routes and more from files, so that they can be kept and reviewed as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from tocsin.cli import output
from tocsin.cli.client import RefusedByServer
from tocsin.cli.shell import Session, pass_session, single


@dataclass(frozen=True)
class Section:
    """A part of such a file: where its items go, and whether it has items by id or is one thing."""

    path: str
    one: bool = False
    rows: str = ""
    """The field that a bare list stands for, where it is one thing."""


SECTIONS: Final[dict[str, Section]] = {
    "teams": Section("/teams/{id}"),
    "people": Section("/people/{id}"),
    "schedules": Section("/schedules/{id}"),
    "policies": Section("/policies/{id}"),
    "services": Section("/services/{id}"),
    "heartbeats": Section("/heartbeats/{id}"),
    "intake_keys": Section("/intake-keys/{id}"),
    "routes": Section("/routes", one=True, rows="routes"),
    "inhibitions": Section("/inhibitions", one=True, rows="rules"),
}
"""In the order in which they are written down: what others name comes first."""


@single("apply")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what the files hold; write nothing down.")
@pass_session
def apply(session: Session, files: tuple[Path, ...], dry_run: bool) -> None:
    """Write down what files say of people, teams, services, schedules, escalation policies, routes, heartbeats and intake keys.

    A file is YAML with sections by these names; each section has its items by id, with the fields of the API. What is not in the files
    stays as it is, and what has not changed makes no new version, so a file can be applied again and again.
    """
    found = [(path, name, item, body) for path in _files(files) for name, item, body in _items(path)]
    order = list(SECTIONS)
    found.sort(key=lambda one: order.index(one[1]))
    done = []
    again: list[tuple[str, str, dict[str, Any]]] = []
    for path, name, item, body in found:
        said = "would be written down"
        if not dry_run:
            try:
                answer = session.api.post(SECTIONS[name].path.format(id=item), body)
            except RefusedByServer as refusal:
                where = f"{path}: {name}.{item}" if item else f"{path}: {name}"
                output.note(f"{where} was refused; what came before it is written down.")
                raise refusal from None
            if _warnings(answer):
                again.append((name, item, body))
            said = "written down" if answer.get("changed", True) else "as it was"
        done.append({"file": str(path), "section": name, "id": item, "outcome": said})
    for name, item, warning in _would_warn(session, found) if dry_run else _warned(session, again):
        output.note(f"warning: {name}.{item}: {warning}" if item else f"warning: {name}: {warning}")
    rows = [(one["section"], one["id"], one["outcome"]) for one in done]
    session.show(done, lambda: output.table(("Section", "ID", "Outcome"), rows, "The files hold nothing."))


def _warnings(answer: dict[str, Any]) -> list[str]:
    return [*answer.get("warnings", ()), *(UNKNOWN.format(one) for one in answer.get("unknown_people", ()))]


def _warned(session: Session, again: list[tuple[str, str, dict[str, Any]]]) -> Iterator[tuple[str, str, str]]:
    """Yield the server's warnings. It judges each item by what was there then, so what it warned of is sent once more, now that all is there."""
    for name, item, body in again:
        for warning in _warnings(session.api.post(SECTIONS[name].path.format(id=item), body)):
            yield name, item, warning


UNKNOWN: Final = "{} is not written down."
NAMED: Final = {
    "teams": (("members", "people", "There is no person {}; no page reaches them."),),
    "people": (("teams", "teams", "There is no team {}."),),
    "schedules": (("team", "teams", "There is no team {}."), ("layers", "people", UNKNOWN)),
    "services": (("owner", "teams", "There is no team {}."), ("policy", "policies", "There is no escalation policy {}."),
                 ("playbook", "playbooks", "There is no playbook {}.")),
}  # fmt: skip
"""What items name: the field, where that is kept, and what the server says where it is not there."""


def _would_warn(session: Session, found: list[tuple[Path, str, str, dict[str, Any]]]) -> Iterator[tuple[str, str, str]]:
    """Yield the warnings about names that would be nobody's, and nothing's, once the files are applied."""
    there: dict[str, set[str]] = {}
    for _, name, item, body in found:
        for field, kept, says in NAMED.get(name, ()):
            for one in dict.fromkeys(_named(body.get(field))):
                if kept not in there:
                    there[kept] = _ids(session, kept) | {other for _, section, other, _ in found if section == kept}
                if one not in there[kept]:
                    yield name, item, says.format(one)
    if any(name == "policies" for _, name, _, _ in found):
        output.note("Whether every step of a policy reaches somebody is judged when the policy is written down.")


def _named(value: Any) -> Iterator[str]:
    """Yield the ids in a field: one, a list of them, or the layers of a schedule with their groups."""
    if isinstance(value, dict):
        yield from _named(value.get("groups"))
    elif isinstance(value, list):
        for one in value:
            yield from _named(one)
    elif value:
        yield str(value)


def _ids(session: Session, kept: str) -> set[str]:
    """Return the ids of what the installation has, with what is no longer used."""
    everything = {"people": {"everybody": "true"}, "policies": {"everything": "true"}}
    return {str(one["id"]) for one in session.api.get(f"/{kept}", **everything.get(kept, {}))[kept]}


def _files(given: tuple[Path, ...]) -> list[Path]:
    """Return the files, those of folders in the order of their names."""
    found = []
    for path in given:
        found += sorted([*path.glob("*.yaml"), *path.glob("*.yml")]) if path.is_dir() else [path]
    return found


def _items(path: Path) -> list[tuple[str, str, dict[str, Any]]]:
    import yaml

    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise click.ClickException(f"{path}{place}: this is not YAML: {getattr(error, 'problem', error)}.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{path} cannot be read: {error}.") from error
    if not isinstance(document, dict):
        raise click.ClickException(f"{path}: there are no sections. Write one of {', '.join(SECTIONS)} with its items below it.")
    items: list[tuple[str, str, dict[str, Any]]] = []
    for name, section in document.items():
        if name not in SECTIONS:
            raise click.ClickException(f"{path}: there is no section {name!r}. Sections are {', '.join(SECTIONS)}.")
        if SECTIONS[name].one:
            items.append((name, "", section if isinstance(section, dict) else {SECTIONS[name].rows: section}))
            continue
        for item, body in _by_id(path, name, section).items():
            fields = {} if body is None else body
            if not isinstance(fields, dict):
                raise click.ClickException(f"{path}: {name}.{item} has no fields. Write them below it as `field: value`.")
            items.append((name, str(item), {"name": str(item), **(_rota(fields) if name == "schedules" else fields)}))
    return items


def _by_id(path: Path, name: str, section: Any) -> dict[Any, Any]:
    """Return the items of a section by their ids: the section has them so, or is a list in which each has its ``id``."""
    if isinstance(section, list) and all(isinstance(one, dict) and one.get("id") for one in section):
        found = {one["id"]: {field: value for field, value in one.items() if field != "id"} for one in section}
        if len(found) < len(section):
            raise click.ClickException(f"{path}: two items of {name} have the same id.")
        return found
    if not isinstance(section, dict):
        raise click.ClickException(f"{path}: {name} has no items by id. Write each as `id:` with its fields below it.")
    return section


def _rota(fields: dict[str, Any]) -> dict[str, Any]:
    """Return a schedule with its layers' ``people`` as groups of one, as the file of ``tocsin oncall apply`` may have them too."""
    layers = fields.get("layers")
    if not isinstance(layers, list):
        return fields
    return {**fields, "layers": [_layer(layer) if isinstance(layer, dict) and "people" in layer else layer for layer in layers]}


def _layer(layer: dict[str, Any]) -> dict[str, Any]:
    people = layer["people"] if isinstance(layer["people"], list) else [layer["people"]]
    rest = {name: value for name, value in layer.items() if name != "people"}
    return {**rest, "groups": [one if isinstance(one, list) else [one] for one in people]}
