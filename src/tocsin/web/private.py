"""What an address names, and whether it is there for who asks. One table for the API and the pages, so that no route has to think of it.

What belongs to an incident that somebody may not read is answered exactly like what does not exist: this guard answers both, before the handler
runs, in the same words and after the same look at the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tocsin.alerts.model import number_of, receipt_number
from tocsin.alerts.receipt_queries import is_there as receipt_is_there
from tocsin.engine.errors import NotFound, Refused
from tocsin.engine.model import Reader, Viewer
from tocsin.engine.runtime import Runtime
from tocsin.incidents.belonging_queries import there

_API: Final = "/api/v1"


@dataclass(frozen=True)
class Named:
    """A kind of thing that can belong to a private incident, and what is said where there is none."""

    kind: str
    word: str
    fix: str


INCIDENT: Final = Named("incident", "incident", "Check the id; `tocsin incident list` shows them.")
ACTION: Final = Named("action", "action item", "Check the id; `tocsin action list` shows them.")
GROUP: Final = Named("group", "group", "Check the id; `tocsin group list` shows them.")
ALERT: Final = Named("alert", "alert", "Check the id; `tocsin alert list` shows them.")
RECEIPT: Final = Named("receipt", "receipt", "Check the id; GET /api/v1/receipts lists them. Old ones are not kept for ever.")
PAGE: Final = Named("page", "page", "Check the id; `tocsin page list` shows them.")
ATTACHMENT: Final = Named("attachment", "attachment", "Send the file with POST /api/v1/blobs; the answer has its digest.")

ADDRESSES: Final[Mapping[str, Named]] = {
    "/incidents": INCIDENT,
    "/postmortems": INCIDENT,
    "/actions": ACTION,
    "/groups": GROUP,
    "/alerts": ALERT,
    "/receipts": RECEIPT,
    "/pages": PAGE,
    "/blobs": ATTACHMENT,
}
"""What stands before a part of an address that names something -> what it names; below ``/api/v1`` and on the pages alike. A test names all others."""
FIELDS: Final[Mapping[str, Named]] = {
    "incident": INCIDENT, "into": INCIDENT, "alert": ALERT, "alerts": ALERT, "group": GROUP, "attachments": ATTACHMENT,
}  # fmt: skip
"""Fields of commands and forms that name such a thing."""
_OF_ALERTS: Final = "G-"
"""How the id of a group of alerts begins; action items have a field ``group`` as well, which names a part of their playbook."""


def parts(path: str) -> list[tuple[str, str]]:
    """Return the variable parts of a route's path, each with what stands before it: ``/incidents`` and ``id``."""
    found, before = [], ""
    for part in path.removeprefix(_API).strip("/").split("/"):
        if part.startswith("{"):
            found.append((before, part[1:-1].partition(":")[0]))
        before += f"/{part}"
    return found


def named_by(path: str) -> tuple[tuple[str, Named], ...]:
    """Return what a route's path names that can belong to a private incident, by the name of its part."""
    return tuple((name, ADDRESSES[before]) for before, name in parts(path) if before in ADDRESSES)


def incidents_of(named: Iterable[tuple[str, Named]], path: Mapping[str, str]) -> list[str]:
    """Return the incidents that an address names itself."""
    return [path[name] for name, kind in named if kind is INCIDENT]


def check(
    runtime: Runtime,
    viewer: Viewer,
    named: Iterable[tuple[str, Named]],
    path: Mapping[str, str],
    fields: Iterable[tuple[str, Named, str]] = (),
) -> None:
    """Make sure that everything which a request names is there for whoever sent it.

    fields: name, kind and value of what its body or form names.

    Raises:
        NotFound: what the address names is not, or belongs to an incident that they may not read.
        Refused: likewise what a field names.

    """
    if viewer.reads_private:
        return
    wanted = [("", kind, path[name]) for name, kind in named] + list(fields)
    if not wanted:
        return
    with runtime.reading() as reader:
        for field, kind, value in wanted:
            if not _there(reader, viewer, kind.kind, value):
                says = f"There is no {kind.word} {value[:100]}."
                raise Refused(says, fix=kind.fix, field=field) if field else NotFound(says, fix=kind.fix)


def of_body(body: Any) -> list[tuple[str, Named, str]]:
    """Return what a command names in its fields."""
    found = []
    for name in getattr(body, "__struct_fields__", ()):
        if (kind := FIELDS.get(name)) is not None:
            value = getattr(body, name)
            several = (value,) if isinstance(value, str) else value if isinstance(value, list | tuple) else ()
            found += [(name, kind, one) for one in several if isinstance(one, str) and _names(kind, one)]
    return found


def of_form(lists: Mapping[str, Sequence[str]]) -> list[tuple[str, Named, str]]:
    """Return what a form names in its fields. lists: every value of each, since a handler may read them all."""
    return [
        (name, FIELDS[name], value.strip())
        for name, values in lists.items()
        if name in FIELDS
        for value in values
        if _names(FIELDS[name], value.strip())
    ]


def _names(kind: Named, value: str) -> bool:
    return bool(value) and (kind is not GROUP or value.startswith(_OF_ALERTS))


def _there(reader: Reader, viewer: Viewer, kind: str, value: str) -> bool:
    if kind == "receipt":
        number = receipt_number(value)
        return number is not None and receipt_is_there(reader, viewer, number)
    if kind == "alert":
        number = number_of(value)
        return number is not None and there(reader, viewer, kind, str(number))
    return there(reader, viewer, kind, value)
