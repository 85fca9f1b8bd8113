"""Action items that nobody will do, and findings that no action item answers. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from tocsin.actions.model import Listed
from tocsin.actions.problems import problems
from tocsin.postmortems.claims import Claim, texts
from tocsin.postmortems.facts_after import who_is_who
from tocsin.postmortems.material import Material

_BULLET: Final = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+(?:\[[ xX]\]\s*)?(?P<text>\S.*)$")
_OWNER: Final = re.compile(r"\bowner\s*[:=]?\s*(?P<owner>[^,;|()]+)|(?<!\w)@(?P<handle>[\w.-]+)", re.IGNORECASE)
_DATE: Final = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)\b")
_NONE: Final = re.compile(r"^(?:none|nothing|n/a|-|–|—)\.?$", re.IGNORECASE)
_STOP: Final = frozenset(
    re.findall(
        r"\w+",
    "a an and any are as at be been before but by can could did do does for from had has have how if in into is it its more most never no not of "
    "off on once one only or our out over since so some than that the their them then there these this those to too under until up was we were "
    "what when where which while who will with without would after all also again during each every few other same such very via per use used "
    "using make made set get new old add create ensure first second two three four five six seven eight nine ten day days week weeks month months "
    "year years time times minute minutes hour hours now still already yet",
    ),
)  # fmt: skip
_LATENT: Final = "latent"
_HALF: Final = 0.5
_MANY: Final = 4
_SHORT: Final = 3


def check(material: Material) -> Iterator[Claim]:
    """Yield the problems of action items, and latent conditions and preventive measures without one."""
    yield from _items(material)
    yield from _written_items(material)
    covers = _Covers(material)
    for section, part, text in texts(material):
        if section.content == "preventive_measures":
            yield from covers.uncovered("preventive_measure", section.id, text, "No action item mentions this measure.", part)
        elif _LATENT in part.casefold() or (section.content == "causes" and not part and _LATENT in text.casefold()):
            found = text if part else _below(text, _LATENT)
            yield from covers.uncovered("latent_condition", section.id, found, "No action item mentions this latent condition.", part)


def _section(material: Material) -> str:
    return next((s.id for s in material.kind.sections if s.content == "action_items"), "action_items")


def _items(material: Material) -> Iterator[Claim]:
    who, wanted = who_is_who(material), material.playbook.actions
    for item in material.actions:
        if item.state != "open":
            continue
        for problem in problems(item.owner, item.due, item.priority, item.group, item.ticket, wanted, who):
            yield Claim("action_item", _section(material), 0, item.title, f"{item.id}: {problem.says}.", problem.fix)


def _written_items(material: Material) -> Iterator[Claim]:
    """Yield the problems of items that were written into the text instead of being recorded."""
    who, wanted = who_is_who(material), material.playbook.actions
    recorded = {item.title.casefold().strip(" .") for item in material.actions}
    for section, part, text in texts(material):
        if section.content != "action_items":
            continue
        for number, line in enumerate(text.splitlines(), 1):
            bullet = _BULLET.match(line)
            if bullet is None or _NONE.match(bullet["text"]) or any(title in bullet["text"].casefold() for title in recorded):
                continue
            owner = _OWNER.search(bullet["text"])
            name = (owner["owner"] or owner["handle"]).strip() if owner else ""
            for problem in problems(name, _day(bullet["text"]), "-", "-", "-", wanted, who):
                yield Claim(
                    "action_item",
                    section.id,
                    number,
                    bullet["text"],
                    f"It is only text, and {problem.says}.",
                    problem.fix + " Record it with `tocsin action add`.",
                    part,
                )


def _day(text: str) -> date | None:
    found = _DATE.search(text)
    try:
        return date(*(int(part) for part in found.groups())) if found else None
    except ValueError:
        return None


def _below(text: str, word: str) -> str:
    """Return the lines below a heading (or a label line) with a word, up to the next one; other lines become empty, so that numbers stay right."""
    kept, inside = [], False
    for line in text.splitlines():
        bare = line.strip().strip("#*_: ").casefold()
        label = (
            line.lstrip().startswith("#")
            or line.rstrip().endswith(":")
            or (line.strip().startswith("**") and line.rstrip(" :").endswith("**"))
        )
        if label:
            inside = word in bare
            kept.append("")
            continue
        kept.append(line if inside else "")
    return "\n".join(kept)


class _Covers:
    """Finds out whether an action item mentions something: by its ``about``, or because it shares most of the telling words."""

    def __init__(self, material: Material) -> None:
        self.items: list[tuple[Listed | None, frozenset[str]]] = [
            (item, _words(f"{item.title} {item.about}")) for item in material.actions if item.state != "dropped"
        ]
        for section, _part, text in texts(material):
            if section.content == "action_items":
                self.items += [(None, _words(found["text"])) for line in text.splitlines() if (found := _BULLET.match(line))]
        self.usual = Counter(word for _, words in self.items for word in words)

    def uncovered(self, kind: str, section: str, text: str, says: str, part: str) -> Iterator[Claim]:
        """Yield the points of a text that no item mentions."""
        for number, point in _points(text):
            words = _words(point)
            if not words or self.covers(point, words):
                continue
            yield Claim(
                kind, section, number, point, says, "Write down an action item about it, or say in the text why there is none.", part
            )

    def covers(self, point: str, words: frozenset[str]) -> bool:
        """Tell whether one item mentions the point. A word that many items share says little; one that only the point has says most."""
        bare = point.casefold().strip(" .")
        for item, have in self.items:
            if item is not None and item.about and (item.about.casefold().strip(" .") in bare or bare in item.about.casefold()):
                return True
            weight = {word: 1 / max(1, self.usual[word]) for word in words}
            share = sum(weight[word] for word in words & have) / sum(weight.values())
            if share > _HALF or (share == _HALF and len(words) < _MANY):
                return True
        return False


def _points(text: str) -> Iterator[tuple[int, str]]:
    """Yield the bullets of a text; where it has none, its lines."""
    lines = text.splitlines()
    bullets = [(number, found["text"]) for number, line in enumerate(lines, 1) if (found := _BULLET.match(line))]
    plain = [
        (number, line.strip()) for number, line in enumerate(lines, 1) if line.strip() and not line.lstrip().startswith(("#", ">", "|"))
    ]
    for number, point in bullets or plain:
        if not _NONE.match(point):
            yield number, point


def _words(text: str) -> frozenset[str]:
    """Return the telling words of a text, cut to their stems."""
    return frozenset(_stem(word) for word in re.findall(r"[a-z][a-z0-9+]*", text.casefold()) if word not in _STOP and len(word) >= _SHORT)


_ENDINGS: Final[Sequence[str]] = (
    "ization",
    "isation",
    "ations",
    "ation",
    "ings",
    "ing",
    "ments",
    "ment",
    "ally",
    "ly",
    "ies",
    "ed",
    "es",
    "al",
    "e",
    "s",
    "y",
)


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORT:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > _SHORT and word[-1] == word[-2] else word
