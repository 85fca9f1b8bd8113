"""A rota as the form of a schedule says it, and as the form shows it. Pure.

Fields of a layer carry its place in their names: ``l0_id``, ``l0_people`` … ; people come one field each, several who are on call together with a +.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from tocsin.engine.errors import Refused
from tocsin.oncall.commands import SaveSchedule
from tocsin.oncall.model import EVERY_DAY, Hours, Layer, Rota
from tocsin.oncall.walltime import WEEKDAYS, instant_of, known_zone, moment, read_wall, seconds, show_wall, wall_of
from tocsin.settings.forms import built, words

_LAYER: Final = re.compile(r"l(\d{1,3})_id")
_TEXTS: Final = ("name", "start", "unit", "lasts", "holidays", "role", "zone", "calendar")
_NUMBERS: Final = ("every", "ahead", "priority")
_MOST: Final = 100
_WEEK: Final = 7


def rota_of(form: Mapping[str, str], lists: Mapping[str, Sequence[str]], known: Mapping[str, str]) -> SaveSchedule:
    """Return the command that a form describes. known: every id and name of people in small letters, and who each is.

    Raises:
        Refused: something in it cannot be read; the refusal names the field.

    """
    zone = known_zone(form.get("zone", "").strip() or "UTC")
    places = sorted({int(found.group(1)) for name in form if (found := _LAYER.fullmatch(name))})[:_MOST]
    body: dict[str, Any] = {
        "name": form.get("name", "").strip(), "zone": zone, "team": form.get("team", ""), "playbook": form.get("playbook", ""),
        "absent": form.get("absent", "") or "next", "about": form.get("about", "").strip(), "holidays": words(form.get("holidays", "")),
        "tell_before": form.get("tell_before", "").strip(), "layers": [_layer(form, lists, known, number, place, zone) for place, number in enumerate(places)],
    }  # fmt: skip
    summary = form.get("hand_off_summary", "")
    if summary:
        body["hand_off_summary"] = summary == "yes"
    for name in ("summary_opens", "summary_warns", "summary_least"):
        if form.get(name, "").strip():
            body[name] = form[name].strip()
    if form.get("since", "").strip():
        body["since"] = _moment(form["since"], zone, "since")
    return built(msgspec.to_builtins(body, builtin_types=(datetime,)), SaveSchedule)


def _layer(
    form: Mapping[str, str], lists: Mapping[str, Sequence[str]], known: Mapping[str, str], number: int, place: int, zone: str
) -> dict[str, Any]:  # fmt: skip
    def text(name: str) -> str:
        return form.get(f"l{number}_{name}", "").strip()

    where = f"layers[{place}]"
    found: dict[str, Any] = {"id": text("id") or f"layer-{place + 1}", **{name: text(name) for name in _TEXTS if text(name)}}
    for name in _NUMBERS:
        if text(name):
            try:
                found[name] = int(text(name))
            except ValueError as error:
                raise Refused(
                    f"{where}.{name}: {text(name)!r} is not a whole number.", fix="Write it like 1.", field=f"{where}.{name}"
                ) from error
    groups = [_together(one, known) for one in lists.get(f"l{number}_people", ()) if one.strip()]
    if not found.get("calendar"):
        found["groups"] = groups
    starts, ends, days = (lists.get(f"l{number}_{name}", ()) for name in ("from", "to", "days"))
    lasts = lists.get(f"l{number}_for", ())
    hours = []
    for row, (start, end) in enumerate(zip(starts, ends, strict=False)):
        if not start.strip() and not end.strip():
            continue
        kept = lasts[row].strip() if row < len(lasts) else ""
        made = {
            "start": start.strip() or "00:00",
            "end": end.strip() or "24:00",
            "days": days_of(days[row] if row < len(days) else "", f"{where}.hours[{row}].days"),
        }
        hours.append({**made, **({"lasts": kept} if kept else {})})
    if hours:
        found["hours"] = hours
    for name in ("begins", "until"):
        if text(name):
            found[name] = _moment(text(name), found.get("zone") or zone, f"{where}.{name}")
    return found


def _together(said: str, known: Mapping[str, str]) -> list[str]:
    """Return the ids of people who are on call together. A name that nobody has stays as it is: it shows as somebody who is not written down."""
    return [known.get(name.casefold(), name) for one in said.split("+") if (name := one.strip())]


def days_of(said: str, field: str = "days") -> list[str]:
    """Return the days that a text names: ``mon-fri``, ``sat sun``; every day where it names none.

    Raises:
        Refused: a word in it is no day.

    """
    found: dict[str, None] = {}
    for word in re.split(r"[\s,]+", said.strip().casefold()):
        if not word or word in ("every", "all", "daily"):
            continue
        first, dash, last = word.partition("-")
        ends = [first[:3], last[:3]] if dash else [first[:3], first[:3]]
        if not all(end in WEEKDAYS for end in ends):
            raise Refused(f"{field}: {word!r} is no day.", fix="Write days like mon-fri, or sat sun.", field=field)
        begin, stop = (WEEKDAYS.index(end) for end in ends)
        found |= dict.fromkeys(WEEKDAYS[(begin + step) % _WEEK] for step in range((stop - begin) % _WEEK + 1))
    return list(found) or list(EVERY_DAY)


def said_days(days: Sequence[str]) -> str:
    """Return days as the form shows them: ``mon-fri``; an empty text for every day."""
    places = sorted(WEEKDAYS.index(day) for day in set(days))
    if len(places) == _WEEK:
        return ""
    runs: list[list[int]] = []
    for place in places:
        if runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return " ".join(WEEKDAYS[run[0]] if len(run) == 1 else f"{WEEKDAYS[run[0]]}-{WEEKDAYS[run[-1]]}" for run in runs)


def _moment(text: str, zone: str, field: str) -> datetime:
    try:
        return moment(instant_of(zone, read_wall(text.strip())))
    except ValueError as error:
        raise Refused(f"{field}: {error}.", fix="Write it like 2026-01-05T09:00.", field=field) from error


class Shown(msgspec.Struct, frozen=True):
    """A layer as the form shows it."""

    layer: Layer
    people: tuple[str, ...]
    """One text for each group: names, joined by + where several are on call together."""
    hours: tuple[tuple[Hours, str], ...]
    """With the days as a text."""
    begins: str = ""
    until: str = ""


def shown(rota: Rota, names: Mapping[str, str]) -> list[Shown]:
    """Return the layers of a rota as the form shows them; names that two people have stay ids."""
    often: dict[str, int] = {}
    for name in names.values():
        often[name.casefold()] = often.get(name.casefold(), 0) + 1

    def said(person: str) -> str:
        name = names.get(person, person)
        return name if often.get(name.casefold(), 1) == 1 and "+" not in name else person

    return [
        Shown(
            layer, tuple(" + ".join(said(one) for one in group) for group in layer.groups), tuple((one, said_days(one.days)) for one in layer.hours),
            _wall(layer.begins, layer.zone or rota.zone), _wall(layer.until, layer.zone or rota.zone),
        )
        for layer in rota.layers
    ]  # fmt: skip


def _wall(at: datetime | None, zone: str) -> str:
    return f"{show_wall(wall_of(zone, seconds(at))):%Y-%m-%dT%H:%M}" if at is not None else ""


def known_names(names: Mapping[str, str]) -> dict[str, str]:
    """Return every id and name in small letters, and who each is; a name that two have is nobody's."""
    found: dict[str, str] = {}
    twice: set[str] = set()
    for person, name in names.items():
        if found.setdefault(name.strip().casefold(), person) != person:
            twice.add(name.strip().casefold())
    return {**{name: person for name, person in found.items() if name not in twice}, **{person.casefold(): person for person in names}}


def example(zone: str, now: datetime) -> Rota:
    """Return what the form of a new schedule begins with: one layer of weeks that turn on Monday at nine."""
    today = show_wall(wall_of(zone, seconds(now))).date()
    monday = today.fromordinal(today.toordinal() - today.weekday())
    return Rota(zone=zone, layers=(Layer(id="week", start=f"{monday.isoformat()}T09:00"),))


def blank(rota: Rota) -> Layer:
    """Return what one more layer of a rota begins with."""
    start = rota.layers[0].start if rota.layers else ""
    return Layer(id=f"layer-{len(rota.layers) + 1}", start=start)
