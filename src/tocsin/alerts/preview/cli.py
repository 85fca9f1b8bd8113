"""``tocsin intake preview``: what a body would become, by a mapping that is still being written."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

import click

from tocsin.alerts.cli import intake
from tocsin.cli import output
from tocsin.cli.shell import Session, pass_session

_FORMS: Final = {".txt": "text/plain", ".log": "text/plain", ".form": "application/x-www-form-urlencoded"}
_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path, allow_dash=True)
_SHOWN: Final = (
    "status", "severity", "level", "service", "value", "threshold", "starts_at", "ends_at", "expires_at", "group", "by", "note", "how",
)  # fmt: skip

__all__ = ["intake"]


@intake.command("preview")
@click.option("--body", "body_file", required=True, type=_FILE, help="The body as the tool sends it; - reads standard input.")
@click.option("--mapping", "mapping_file", type=_FILE, help="The mapping, as YAML or JSON.")
@click.option("--source", default="generic", show_default=True, metavar="WORD", help="The tool whose reader is asked.")
@click.option("--key", default="", metavar="ID", help="An intake key whose options count.")
@click.option("--content-type", default="", metavar="TYPE", help="What the body is (default: by the file's name, else JSON).")
@pass_session
def preview(session: Session, /, body_file: Path, mapping_file: Path | None, source: str, key: str, content_type: str) -> None:
    """Show which alerts a body would become, without taking it in."""
    asked: dict[str, Any] = {
        "body": _text(body_file),
        "source": source,
        "key": key,
        "content_type": content_type or _FORMS.get(body_file.suffix, "application/json"),
    }
    if mapping_file is not None:
        asked["mapping"] = _mapping(_text(mapping_file))
    answer = session.api.post("/intake/preview", asked)
    session.show(answer, lambda: _for_people(answer))


def _for_people(answer: dict[str, Any]) -> None:
    for number, signal in enumerate(answer["signals"], 1):
        output.heading(f"{number}. {signal['title']}")
        rows = [
            ("Identity", signal["fingerprint"]),
            *((name.replace("_", " ").capitalize(), signal[name]) for name in _SHOWN if signal[name]),
        ]
        for name in ("labels", "annotations", "links"):
            rows += [(name.capitalize() if not at else "", f"{key}: {value}") for at, (key, value) in enumerate(signal[name].items())]
        output.pairs([*rows, ("Summary", signal["summary"])] if signal["summary"] else rows)
    if not answer["signals"]:
        output.say(answer["ignored"] or "No alerts.")
    if answer["problems"]:
        output.heading("These gave nothing")
        output.table(("Where", "Expression", "Why"), [(one["field"], one["expression"], one["why"]) for one in answer["problems"]])


def _text(file: Path) -> str:
    if str(file) == "-":
        return sys.stdin.read()
    return file.read_bytes().decode("utf-8", "replace")


def _mapping(text: str) -> Any:
    import yaml

    try:
        found = json.loads(text) if text.lstrip().startswith("{") else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError) as error:
        raise click.BadParameter(f"it is neither YAML nor JSON: {error}", param_hint="--mapping") from error
    if not isinstance(found, dict):
        raise click.BadParameter("it is no object of fields and expressions.", param_hint="--mapping")
    return found
