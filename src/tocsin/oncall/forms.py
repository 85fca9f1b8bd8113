"""What the forms of the pages say, as commands. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, Literal

from tocsin.engine.errors import Refused
from tocsin.engine.model import Command
from tocsin.oncall import commands as c
from tocsin.oncall.walltime import instant_of, known_zone, moment, read_wall

Form = Mapping[str, str]


def _at(form: Form, field: str) -> datetime:
    text = form.get(field, "").strip()
    if not text:
        raise Refused("A time is missing.", fix="Say from when to when.", field=field)
    try:
        return moment(instant_of(known_zone(form.get("zone", "UTC")), read_wall(text)))
    except ValueError as error:
        raise Refused(f"{error}.", fix="Say from when to when.", field=field) from error


_HOW: Final[Mapping[str, Literal["add", "replace", "remove", "take"]]] = {
    "add": "add",
    "remove": "remove",
    "replace": "replace",
    "take": "take",
}


def override(form: Form) -> c.AddOverride:
    """Return the override that a form describes: somebody alone, in the place of another, as well, or one person less.

    Raises:
        Refused: a time in it cannot be read.

    """
    instead = form.get("instead_of", "")
    how = _HOW.get(form.get("how", ""), "replace" if instead else "take")
    how = "replace" if how == "take" and instead else how
    return c.AddOverride(
        _at(form, "start"), _at(form, "end"), how, form.get("person", "") or None, instead, role=form.get("role", ""), why=form.get("why", ""),
    )  # fmt: skip


def _offer(form: Form) -> Command:
    return c.OfferShift(
        _at(form, "start"),
        _at(form, "end"),
        form.get("person", "") or None,
        form.get("to", ""),
        _at(form, "back_start") if form.get("back_start") else None,
        _at(form, "back_end") if form.get("back_end") else None,
        role=form.get("role", ""),
        why=form.get("why", ""),
    )


def _absence(form: Form) -> Command:
    return c.AddAbsence(_at(form, "start"), _at(form, "end"), form.get("why", ""))


COMMANDS: Final[Mapping[str, Callable[[Form], Command]]] = {
    "override": override,
    "override/remove": lambda form: c.RemoveOverride(form.get("override", "") or "-"),
    "offer": _offer,
    "offer/take": lambda form: c.TakeShift(form.get("exchange", "") or "-"),
    "offer/decline": lambda form: c.DeclineShift(form.get("exchange", "") or "-"),
    "offer/withdraw": lambda form: c.WithdrawOffer(form.get("exchange", "") or "-"),
    "feed": lambda _form: c.PublishFeed(),
    "feed/revoke": lambda _form: c.RevokeFeed(),
}
"""The end of a form's address -> its command on a schedule."""

OWN: Final[Mapping[str, Callable[[Form], Command]]] = {
    "absence": _absence,
    "absence/remove": lambda form: c.RemoveAbsence(form.get("absence", "") or "-"),
    "feed": lambda _form: c.PublishFeed(),
    "feed/revoke": lambda _form: c.RevokeFeed(),
}
"""Likewise on the availability of whoever is signed in."""

HANDOFF: Final[Mapping[str, Callable[[Form], Command]]] = {
    "save": lambda form: c.SaveSummary(form.get("text", "").strip() or "-"),
    "sign": lambda form: c.SignSummary(form.get("text", "").strip()),
    "acknowledge": lambda _form: c.AcknowledgeSummary(),
}
"""Likewise on a hand-off."""
