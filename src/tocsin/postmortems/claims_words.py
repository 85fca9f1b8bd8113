"""Criteria, figures, means, downtime and blame in people's texts. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from tocsin.incidents import gates
from tocsin.incidents.conditions import holds
from tocsin.incidents.model import Figure
from tocsin.playbooks.process import Checklist
from tocsin.playbooks.record import Figure as Defined
from tocsin.postmortems.claims import FUTURE, Claim, Sentence
from tocsin.postmortems.material import Material, persons
from tocsin.postmortems.sanitise import SHORTEST
from tocsin.postmortems.text import number

_CRITERIA: Final = r"(?:criteria|criterion|checks|checklist items|conditions|gate items)"
_ALL: Final = re.compile(
    rf"\ball (?:\w+ ){{0,3}}{_CRITERIA}\b[^.]{{0,30}}\b(?:met|verified|passed|ticked|fulfilled|satisfied|green)\b", re.IGNORECASE
)
_OF: Final = re.compile(
    rf"\b(\d+) ?(?:of|/|out of) ?(?:the |all )?(\d+)\b(?=[^.]*\b{_CRITERIA}\b)|\b{_CRITERIA}\b[^.\d]{{0,40}}\b(\d+) ?(?:of|/|out of) ?(\d+)\b",
    re.IGNORECASE,
)
_UNIT: Final = r"\d+(?:\.\d+)?[ -]?(?:s|seconds?|m|min|mins|minutes?|h|hours?|days?)\b"
_MEAN: Final = re.compile(
    rf"\b(?:MTT[A-Z]|mean time(?: to \w+)?)\b[^.]*?{_UNIT}|\b(?:mean|average)\b (?:\w+ ){{0,4}}{_UNIT}|{_UNIT} on average\b", re.IGNORECASE
)
_SEVERAL: Final = re.compile(
    r"\b(?:over|across|of) (?:the )?(?:last|past|\d+|all|several|previous)|\b(?:quarter|quarterly|monthly|yearly|incidents)\b",
    re.IGNORECASE,
)
_DOWN: Final = re.compile(
    r"\bdowntime\b|\b(?:complete|total|full) outage\b|\b(?:completely|entirely|fully) (?:down|unavailable)\b", re.IGNORECASE
)
_NO_DOWN: Final = re.compile(
    r"\b(?:no|not|without|zero|never|avoid\w*|partial|rather than|instead of|planned|maintenance)\b", re.IGNORECASE
)

_AUXILIARY: Final = r"(?:had|has|have|was|were|then|also|again|just|simply|who|\w+ly)"
_DEED: Final = (
    r"(?:caused|broke|forgot|neglected|overlooked|screwed up|messed up|failed to|did not bother|didn't bother|should have|should've|"
    r"is to blame|was to blame|is at fault|was at fault|was careless|was responsible for the (?:outage|incident|failure|bug|error)|"
    r"made (?:a|the) mistake|introduced the (?:bug|error|fault|regression|defect))"
)
_NOUN: Final = r"(?:mistake|fault|error|negligence|carelessness|oversight|blunder|incompetence)"

_NUMBER: Final = re.compile(
    r"(?<![\w.:/#-])(?P<money>[$€£]\s?)?(?P<number>\d[\d,]*(?:\.\d+)?)\s?(?P<scale>k|thousand|m|million)?\s?(?P<percent>%|percent\b)?(?![\w:])",
    re.IGNORECASE,
)
_SCALE: Final = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6}
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}:\d\d(?::\d\d)?|" + _UNIT, re.IGNORECASE)
_ROUGH: Final = re.compile(
    r"(?:\b(?:about|around|roughly|approximately|nearly|almost|some|over|more than|at least|up to|under|less than)|~|≈)\s*[$€£]?$",
    re.IGNORECASE,
)
_SMALL: Final = frozenset({"share", "number", "of", "the", "a", "in", "and", "by", "per", "lost"})
_HUNDRED: Final = 100


def check(material: Material, sentences: Sequence[Sentence]) -> Iterator[Claim]:
    """Yield what the record contradicts."""
    names = _names(material) if material.playbook.review.blameless else None
    for sentence in sentences:
        yield from _blame(sentence, names)
        if sentence.content in FUTURE:
            continue
        yield from _criteria(material, sentence)
        yield from _mean(sentence)
        yield from _downtime(material, sentence)
        yield from _figures(material, sentence)


# -- criteria -----------------------------------------------------------------------------------------


def _criteria(material: Material, sentence: Sentence) -> Iterator[Claim]:
    every, some = _ALL.search(sentence.text), _OF.search(sentence.text)
    if every is None and some is None:
        return
    if re.search(r"\b(?:not|should|must|will|once|until|when|if|before)\b", sentence.text, re.IGNORECASE):
        return
    claimed, total = (int(some[1] or some[3]), int(some[2] or some[4])) if some else (None, None)
    for checklist in _meant(material, sentence.text, total):
        items = gates.checklist_view(material.incident, material.playbook, checklist, material.as_of)
        done, waived, of = gates.verified(items)
        if (claimed is None and done == of) or (claimed is not None and claimed <= done):
            continue
        left = [f"“{item.says}” was waived ({item.reason})" for item in items if item.state == "waived"]
        left += [f"“{item.says}” is open" for item in items if item.state in ("open", "unmet")]
        yield Claim(
            "criteria", sentence.section, sentence.line, sentence.text, f"{checklist.name}: {done} of {of} verified, {waived} waived. {'; '.join(left[:4])}.",
            "Name what was waived or left open, with the reason.", sentence.part,
        )  # fmt: skip
        return


def _meant(material: Material, text: str, total: int | None) -> list[Checklist]:
    """Return the checklists that a sentence may mean: those somebody worked on; the one that it names, or that has that many criteria."""
    incident = material.incident
    used = [
        checklist for checklist in material.playbook.checklists
        if holds(checklist.if_, incident.now_circumstances) and any(key.startswith(f"{checklist.id}.") for key in incident.checks)
    ]  # fmt: skip
    if total is not None:
        return [checklist for checklist in used if len(checklist.items) == total][:1]
    named = [c for c in used if c.id.replace("_", " ").casefold() in text.casefold() or c.name.casefold() in text.casefold()]
    return named or (used if len(used) == 1 else [c for c in used if any(c.id in gate.checklists for gate in material.playbook.gates)][:1])


# -- means and downtime -------------------------------------------------------------------------------


def _mean(sentence: Sentence) -> Iterator[Claim]:
    if _MEAN.search(sentence.text) and not _SEVERAL.search(sentence.text):
        yield Claim(
            "mean", sentence.section, sentence.line, sentence.text, "This is one incident: the number is its duration, not a mean.",
            "Name the duration, such as “time to resolve”; a mean belongs into a report over several incidents.", sentence.part,
        )  # fmt: skip


def _downtime(material: Material, sentence: Sentence) -> Iterator[Claim]:
    if not _DOWN.search(sentence.text) or _NO_DOWN.search(sentence.text):
        return
    for figure in material.playbook.figures:
        found = material.incident.figures.get(figure.id)
        if figure.kind == "percent" and found is not None and isinstance(found.value, float | int) and 0 < found.value < _HUNDRED:
            yield Claim(
                "downtime", sentence.section, sentence.line, sentence.text, f"{figure.name}: {number(found.value)} %, so the impact was partial.",
                "Call it degraded, and say for which share.", sentence.part,
            )  # fmt: skip
            return


# -- figures ------------------------------------------------------------------------------------------


def _figures(material: Material, sentence: Sentence) -> Iterator[Claim]:
    spaces = _TIME.sub(lambda m: " " * len(m[0]), sentence.text)
    numbers = list(_NUMBER.finditer(spaces))
    if len(numbers) != 1:
        return
    found = numbers[0]
    words = {_stem(word) for word in re.findall(r"[a-z]+", spaces.casefold())}
    value = float(found["number"].replace(",", "").rstrip(".")) * _SCALE.get((found["scale"] or "").casefold(), 1)
    fits: list[tuple[int, Defined, Figure]] = []
    for figure in material.playbook.figures:
        recorded = material.incident.figures.get(figure.id)
        wanted = {_stem(word) for word in re.findall(r"[a-z]+", figure.name.casefold()) if word not in _SMALL}
        if recorded is None or not isinstance(recorded.value, float | int) or not wanted or not wanted <= words:
            continue
        if (figure.kind == "percent") != bool(found["percent"]) or (
            figure.kind == "money" and not found["money"] and not _currency(figure, spaces)
        ):
            continue
        fits.append((len(wanted), figure, recorded))
    if not fits or re.search(r"\b(?:of|out of|from|to|between)\s*$", spaces[: found.start()]):
        return
    _, figure, recorded = max(fits, key=lambda fit: fit[0])
    rough = recorded.estimate or bool(_ROUGH.search(spaces[: found.start()]))
    truth = float(recorded.value)
    if abs(value - truth) <= (abs(truth) / 10 if rough else 1e-9):
        return
    about = "about " if recorded.estimate else ""
    yield Claim(
        "figure", sentence.section, sentence.line, sentence.text, f"{figure.name}: {about}{number(recorded.value)} {recorded.unit}".rstrip() + (f" ({recorded.source})." if recorded.source else "."),
        "Write the recorded figure, or record the right one with its source.", sentence.part,
        sentence.text[found.start("number") : found.end("scale") if found["scale"] else found.end("number")], (number(recorded.value),),
    )  # fmt: skip


def _currency(figure: Defined, text: str) -> bool:
    return bool(figure.unit) and figure.unit.casefold() in text.casefold()


def _stem(word: str) -> str:
    for ending in ("ings", "ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST:
            return word[: -len(ending)]
    return word


# -- blame --------------------------------------------------------------------------------------------


def _names(material: Material) -> re.Pattern[str] | None:
    """Return what finds a known person: ids and names, and first or last names; written with a capital or exactly as the id."""
    known: set[str] = set()
    for name in persons(material):
        known.update((name, name.capitalize()) if " " not in name else (name,))
        if " " in name:
            known.update(part for part in name.split() if len(part) >= SHORTEST and part[0].isupper())
    if not known:
        return None
    return re.compile(
        r"(?<![\w-])@?(?P<who>"
        + "|".join(re.escape(name) for name in sorted(known, key=lambda n: (-len(n), n)))
        + r")(?P<of>['’]s)?(?![\w-])"
    )


def _blame(sentence: Sentence, names: re.Pattern[str] | None) -> Iterator[Claim]:
    for found in names.finditer(sentence.text) if names else ():
        before, after = sentence.text[: found.start()], sentence.text[found.end() :]
        own = bool(found["of"])
        did = not own and re.match(rf"\s+(?:{_AUXILIARY}\s+){{0,3}}{_DEED}\b", after, re.IGNORECASE)
        whose = own and re.match(rf"\s+(?:\w+\s+){{0,1}}{_NOUN}\b", after, re.IGNORECASE)
        by = not own and re.search(
            r"\b(?:caused|broken|introduced|made worse|triggered) by\s*$|\b(?:because of|due to|fault of|mistake of|blame|blamed)\s*$",
            before,
            re.IGNORECASE,
        )
        if did or whose or by:
            yield Claim(
                "blame", sentence.section, sentence.line, sentence.text, f"{found['who']} is a person; the playbook's reviews are blameless.",
                "Say what in the system let it happen: what was missing, unclear or unguarded.", sentence.part,
            )  # fmt: skip
            return
