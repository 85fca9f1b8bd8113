"""The variant for readers outside, and the check of what may still give something away. Pure.

What counts as internal, and what becomes of it:

* persons that the record or the list of people knows: the role that they held, otherwise ``a responder``;
* e-mail addresses, IP addresses, links of any kind, hosts that the record's links name, hosts below an internal suffix: removed;
* the ids of the record itself: the incident, its alerts, its records in other systems, action items and their tickets: removed;
* chat channels (``#name``) and amounts of money: removed, with every figure of the kind ``money``;
* anything that looks like a key, token or password: removed;
* whole sections about persons and the house: see ``draft.HOUSE_ONLY``; notes of the system, sources of figures, evidence of criteria.

Names of services stay: readers have to know what failed. Tickets and hosts that only look internal are left and reported by ``findings``.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec

from tocsin.postmortems.document import Document, Part, Rendered
from tocsin.postmortems.material import Material, persons

_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_LINK: Final = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s)>\]|\"']+", re.IGNORECASE)
_CHANNEL: Final = re.compile(r"(?<![\w&/#])#[A-Za-z][\w-]+")
_MONEY: Final = re.compile(
    r"(?:US)?[$€£¥]\s?\d[\d,.]*\d?\s?(?:k|m|bn|thousand|million|billion)?\b|\b\d[\d,.]*\s?(?:k|m|thousand |million |billion )?\s?"
    r"(?:USD|EUR|GBP|CHF|JPY|dollars?|euros?|pounds)\b",
    re.IGNORECASE,
)
_INTERNAL_HOST: Final = re.compile(
    r"\b[a-z0-9][\w-]*(?:\.[\w-]+)*\.(?:internal|local|localdomain|lan|corp|intra|intranet|private|svc|home\.arpa)\b(?:\.[\w-]+)*", re.IGNORECASE,
)  # fmt: skip
_HOST: Final = re.compile(
    r"\b(?:(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:com|net|org|io|dev|cloud|app|ai|co|eu|uk|de|ch|at|fr|us)|"
    r"(?:ip|db|pg|web|app|api|node|host|srv|server|prod|stg|cache|redis|kafka|worker|proxy|lb|vm)(?:-[a-z0-9]+)*-?\d+)\b",
    re.IGNORECASE,
)
_IPV4: Final = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\d)")
_IPV6: Final = re.compile(r"(?<![\w:.])[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?![\w:])")
_TICKET: Final = re.compile(r"\b([A-Z][A-Z0-9]{1,9})-(?:\d+|[A-Z0-9-]*\d[A-Z0-9-]*)\b")
_STANDARDS: Final = frozenset({"UTF", "SHA", "ISO", "RFC", "CVE", "HTTP", "TLS", "AES", "MD", "IPV", "IEEE", "EC", "MTTR", "COVID"})
"""Words before a dash and a number that name a standard, not a ticket."""
_SECRET: Final = re.compile(
    r"\b(?:gh[pousr]_\w{16,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{8,}|AKIA[0-9A-Z]{12,}|ya29\.[\w-]+|sk-[\w-]{16,}|tocsin_[\w-]{16,}|"
    r"eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]+)?)|(?i:\b(?:bearer|password|passwd|secret|api[_-]?key|token)\b\s*[:=]\s*[^\s|]+|\bbearer\s+[\w.~+/-]{12,})",
)  # fmt: skip
_TOKEN: Final = re.compile(r"(?<![\w/+-])(?=[\w/+-]*\d)(?=[\w/+-]*[A-Za-z])[A-Za-z0-9_/+-]{28,}={0,2}(?![\w/+-])")

_COMMON: Final = frozenset(
    re.findall(
        r"\w+",
    "will mark art may grace hope rose bill jack pat sue drew chase faith joy dean ray max frank miles guy rich gene rob don victor page ops "
    "april june august summer autumn star sky",
    ),
)  # fmt: skip
"""Names that are words too: only with a capital are they taken for a person. The check reports the rest."""
SHORTEST: Final = 3
"""Parts of a name with fewer letters are not looked for by themselves."""


class Finding(msgspec.Struct, frozen=True):
    """Something that may give a person or the house away, with its line (from 1) in the document."""

    line: int
    kind: Literal["person", "e-mail", "host", "address", "ticket", "token"]
    text: str


class Sanitiser:
    """What a record's texts have to lose, worked out once."""

    def __init__(self, material: Material) -> None:
        self.roles = _roles(material)
        self.severities = {name.casefold() for level in material.playbook.severities for name in (level.id, *level.aliases)}
        incident = material.incident
        ids = {incident.id, *(link.id for link in incident.links), *incident.alerts, *(item.id for item in material.actions)}
        ids |= {item.ticket for item in material.actions}
        hosts = {host for link in incident.links if (host := _host(link.url))}
        self._ids = _any_of(name for name in ids if len(name) >= SHORTEST)
        self._hosts = _any_of(hosts)
        self._names = _any_of(self.roles)

    def clean(self, text: str) -> str:
        """Return the text without what is internal."""
        text = _SECRET.sub("[secret removed]", text)
        text = _EMAIL.sub("[e-mail removed]", text)
        text = _LINK.sub("[link removed]", text)
        text = self._ids.sub("[id removed]", text) if self._ids else text
        text = self._hosts.sub("[host removed]", text) if self._hosts else text
        text = _INTERNAL_HOST.sub("[host removed]", text)
        text = _IPV4.sub(lambda m: "[address removed]" if _is_address(m[0]) else m[0], text)
        text = _IPV6.sub(lambda m: "[address removed]" if _is_address(m[0]) else m[0], text)
        text = _CHANNEL.sub("[channel removed]", text)
        text = _MONEY.sub("[amount removed]", text)
        return self._names.sub(self._role, text) if self._names else text

    def _role(self, match: re.Match[str]) -> str:
        word = match[0].lstrip("@")
        name = word.casefold()
        if name in _COMMON and word == name:
            return match[0]
        return self.roles[name]

    def document(self, document: Document) -> Document:
        """Return the document with every text cleaned."""
        sections = tuple(
            Rendered(
                s.id, s.title, s.content, s.required, tuple(self.clean(line) for line in s.facts), self.clean(s.text), "",
                tuple(Part(p.name, self.clean(p.text), p.asks) for p in s.parts), s.asks,
            )
            for s in document.sections
        )  # fmt: skip
        return msgspec.structs.replace(document, incident="", title=self.clean(document.title), sections=sections)

    def findings(self, text: str) -> list[Finding]:
        """Return what is left that may give something away, line by line."""
        return [finding for number, line in enumerate(text.splitlines(), 1) for finding in self._line(number, line)]

    def _line(self, number: int, line: str) -> Iterator[Finding]:
        seen: list[tuple[int, int]] = []

        def new(match: re.Match[str]) -> bool:
            inside = any(start <= match.start() < end for start, end in seen)
            if not inside:
                seen.append(match.span())
            return not inside

        for match in _SECRET.finditer(line):
            if new(match):
                yield Finding(number, "token", match[0])
        for match in _EMAIL.finditer(line):
            if new(match):
                yield Finding(number, "e-mail", match[0])
        for pattern in (_IPV4, _IPV6):
            for match in pattern.finditer(line):
                if _is_address(match[0]) and new(match):
                    yield Finding(number, "address", match[0])
        for pattern in (_INTERNAL_HOST, _HOST):
            for match in pattern.finditer(line):
                if match[0].casefold() not in self.severities and new(match):
                    yield Finding(number, "host", match[0])
        for match in self._names.finditer(line) if self._names else ():
            if new(match):
                yield Finding(number, "person", match[0])
        for match in _TICKET.finditer(line):
            if match[1] not in _STANDARDS and match[0].casefold() not in self.severities and new(match):
                yield Finding(number, "ticket", match[0])
        for match in _TOKEN.finditer(line):
            if new(match):
                yield Finding(number, "token", match[0])


def _roles(material: Material) -> dict[str, str]:
    """Return casefolded names of persons, whole and in parts, to what they are called outside."""
    held: dict[str, str] = {}
    for role, holding in material.incident.roles.items():
        found = material.playbook.role(role)
        held.setdefault(holding.person, f"the {found.name}" if found else "a responder")
    called: dict[str, str] = {}
    for person in sorted(persons(material)):
        role = held.get(person, "a responder")
        alike = [held[one] for one, name in material.people.items() if name == person and one in held]
        said = alike[0] if alike else role
        for name in (person, *(part for part in re.split(r"[\s._@-]+", person) if len(part) >= SHORTEST and not part.isdigit())):
            if called.get(name.casefold(), "a responder") == "a responder":
                called[name.casefold()] = said
    return called


def _any_of(names: Iterable[str]) -> re.Pattern[str] | None:
    ordered = sorted({name for name in names if name}, key=lambda name: (-len(name), name))
    if not ordered:
        return None
    return re.compile(r"(?<![\w@.-])@?(?:" + "|".join(re.escape(name) for name in ordered) + r")(?![\w@-])", re.IGNORECASE)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return text.strip(":0") != "" or "." in text
