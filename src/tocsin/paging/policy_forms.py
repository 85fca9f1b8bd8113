"""The form of an escalation policy: a policy as the form shows it, and what was sent as a command. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from tocsin.engine.errors import Refused
from tocsin.oncall.rota_forms import days_of, said_days
from tocsin.oncall.walltime import known_zone
from tocsin.paging import commands as c
from tocsin.paging.model import Policy, Window
from tocsin.settings import forms

Form = Mapping[str, str]
Lists = Mapping[str, Sequence[str]]
"""Every value of each field, in the page's order."""

LAST_RESORT: Final = "last_resort"
_STEP: Final = re.compile(r"s(\d{1,2})_(?:to|other)")
_TARGET: Final = re.compile(r"(person|schedule|team):.+")
_STEP_FIELDS: Final = (
    "other", "wait", "name", "pick", "at_age", "urgency", "note", "cites", "acknowledgements", "from", "to_hour", "days", "zone", "otherwise",
)  # fmt: skip
_FOLDED: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("other", "name", "at_age", "urgency", "note", "from", "to_hour", "days", "zone"), ("",)), "pick": ("", "all"), "acknowledgements": ("", "1"),
}  # fmt: skip
"""The fields of a step that are folded away, with what stands in them where nobody has changed them."""


# -- as it is shown --------------------------------------------------------------------------------


def form_of(policy: Policy) -> dict[str, Any]:
    """Return a policy as the form shows it."""
    return {
        "id": "", "name": policy.name or policy.id, "team": policy.team, "about": policy.about, "zone": policy.zone, "repeat": policy.repeat, "lease": policy.lease,
        "last_resort": list(policy.last_resort), "last_resort_other": "", "note": policy.note, "cites": policy.cites,
        "waive": policy.waiver.reason if policy.waiver else "",
        "steps": [
            {
                "step": step, "place": place, "to": list(step.to), "other": "", "days": said_days(step.only.days) if step.only else "",
                "more": bool(step.at_age or step.only or step.urgency or step.note or step.name or step.acknowledgements != 1 or step.pick != "all"),
            }
            for place, step in enumerate(policy.steps)
        ],
    }  # fmt: skip


def form_typed(form: Form, lists: Lists) -> dict[str, Any]:
    """Return a form that was refused as it was filled in, whether it can be read or not."""
    steps: list[dict[str, Any]] = []
    place = 0
    for number in _numbers(form):
        said = {name: form.get(f"s{number}_{name}", "") for name in _STEP_FIELDS}
        only = {"from_": said["from"], "to": said["to_hour"], "zone": said["zone"], "otherwise": said["otherwise"]}
        named = _is_named(form, lists, number)
        steps.append(
            {
                # a row that names nobody is no step, and no refusal is about it
                "step": {**said, "only": only}, "place": place if named else None, "to": _chosen(lists, f"s{number}_to"), "other": said["other"],
                "days": said["days"], "more": any(said[name].strip() not in usual for name, usual in _FOLDED.items()),
            }
        )  # fmt: skip
        place += named
    names = ("id", "name", "team", "about", "zone", "repeat", "lease", "last_resort_other", "note", "cites", "waive")
    return {**{name: form.get(name, "") for name in names}, "last_resort": _chosen(lists, LAST_RESORT), "steps": steps}


def is_policy(form: Form) -> bool:
    """Tell whether a form is one of a policy, rather than a button of its page."""
    return any(_STEP.fullmatch(name) for name in form)


def targets_in(form: Mapping[str, Any]) -> list[str]:
    """Return every target that a form, as it is shown, has chosen."""
    return [*(target for one in form["steps"] for target in one["to"]), *form["last_resort"]]


# -- as it is read ---------------------------------------------------------------------------------


def command_of(form: Form, lists: Lists, known: Mapping[str, str]) -> c.SavePolicy:
    """Return the command that a form describes. known: names in small letters and the targets that they mean.

    What was chosen is taken as it stands, so that a policy that is opened and saved keeps each of its targets; only what was typed is looked up.

    Raises:
        Refused: something in it cannot be read; the refusal names the field.

    """
    numbers = [number for number in _numbers(form) if _is_named(form, lists, number)]
    steps = [_step(form, lists, number, place, known) for place, number in enumerate(numbers)]
    repeat: int | str = form.get("repeat", "").strip() or 0
    if isinstance(repeat, str) and repeat != "forever":
        try:
            repeat = int(repeat)
        except ValueError as error:
            raise Refused(f"repeat: {repeat!r} is not a number.", fix="Write a number, or forever.", field="repeat") from error
    body = {
        "steps": steps, "name": form.get("name", "").strip(), "repeat": repeat, "last_resort": _targets(form, lists, LAST_RESORT, "last_resort_other", known),
        "lease": form.get("lease", "").strip(), "zone": known_zone(form.get("zone", "").strip() or "UTC"), "about": form.get("about", "").strip(),
        "note": form.get("note", ""), "from": form.get("cites", ""), "team": form.get("team", ""), "waive": form.get("waive", "").strip(),
    }  # fmt: skip
    return forms.built(body, c.SavePolicy)


def _numbers(form: Form) -> list[int]:
    """Return the numbers of the steps that a form has, in the page's order."""
    return sorted({int(found.group(1)) for name in form if (found := _STEP.fullmatch(name))})


def _is_named(form: Form, lists: Lists, number: int) -> bool:
    return bool(_chosen(lists, f"s{number}_to") or form.get(f"s{number}_other", "").strip())


def _chosen(lists: Lists, field: str) -> list[str]:
    """Return the targets that were chosen from lists, each once and as it stands."""
    return list(dict.fromkeys(one for one in lists.get(field, ()) if one.strip()))


def _targets(form: Form, lists: Lists, chosen: str, typed: str, known: Mapping[str, str]) -> list[str]:
    """Return the targets that were chosen, and after them those that were typed: by name, or as a policy writes them."""
    said = [one if _TARGET.fullmatch(one) else known.get(one.casefold(), one) for one in forms.words(form.get(typed, ""))]
    return list(dict.fromkeys((*_chosen(lists, chosen), *said)))


def _step(form: Form, lists: Lists, number: int, place: int, known: Mapping[str, str]) -> dict[str, Any]:
    def text(name: str) -> str:
        return form.get(f"s{number}_{name}", "").strip()

    where = f"steps[{place}]"
    found: dict[str, Any] = {"to": _targets(form, lists, f"s{number}_to", f"s{number}_other", known), "wait": text("wait") or "5m"}
    for name in ("name", "pick", "at_age", "urgency", "note"):
        if text(name):
            found[name] = text(name)
    if text("cites"):
        found["from"] = text("cites")
    if text("acknowledgements"):
        enough = text("acknowledgements")
        found["acknowledgements"] = int(enough) if enough.isascii() and enough.isdigit() else enough
    if text("from") or text("to_hour"):
        window = {
            "from": text("from") or "00:00",
            "to": text("to_hour") or "00:00",
            "otherwise": text("otherwise") or "wait",
            "days": days_of(text("days"), f"{where}.only.days"),
        }
        if text("zone"):
            window["zone"] = text("zone")
        found["only"] = msgspec.to_builtins(forms.built(window, Window))
    return found
