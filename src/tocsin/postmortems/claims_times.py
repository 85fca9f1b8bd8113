"""Durations and clock times in people's texts, against the milestones and mitigations of the record. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from tocsin.incidents.model import Mitigation
from tocsin.insights.durations import words as name_of
from tocsin.postmortems.claims import FUTURE, Claim, Sentence
from tocsin.postmortems.material import Material
from tocsin.postmortems.text import words

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_NUMBER: Final = r"\d+(?:\.\d+)?"
_SPAN: Final = re.compile(
    rf"(?<![\w.:,-])(?P<first>{_NUMBER})[ -]?(?P<unit>seconds?|secs?|s|minutes?|mins?|min|m|hours?|hrs?|hr|h|days?|d)\b"
    rf"(?:[ ,]*(?:and )?(?P<second>\d+)[ -]?(?P<small>minutes?|mins?|min|m|seconds?|secs?|s|hours?|hrs?|h)\b)?",
    re.IGNORECASE,
)  # fmt: skip
_CLOCK: Final = re.compile(
    r"(?<![\d:.–-])(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?::[0-5]\d)?(?P<zone> ?(?:UTC|Z|GMT|[A-Z]{2,4}|am|pm))?(?![\d:–-])"
)
_SKIP: Final = re.compile(
    r"\b(?:should|would|could|must|will|might|may|if|until|every|each|per|stable|stability|window|watch(?:ed|ing)?|timeout|budget|target|objective|"
    r"goal|SLO|SLA|threshold|promised?|planned|cadence|interval|scheduled|usually|normally|typically|expected|estimated|previous|earlier|later|ago|"
    r"old|when|quarter|months?|incidents|next|last (?:time|week|month|year)|for the (?:first|last)|instead of|rather than|not|never|no longer|another|further|additional|extra|least)\b",
    re.IGNORECASE,
)
"""Words with which a clause speaks of a plan, a rule, another time or the opposite: it is not judged."""
_FROM: Final = re.compile(r"\b(?:after|since|from|of|following)\s+(?:the\s+)?(?:first\s+)?(?P<what>[a-z-]+)", re.IGNORECASE)
_ANCHORS: Final[dict[str, tuple[str, ...]]] = {
    "start": ("impact_started",), "onset": ("impact_started",), "impact": ("impact_started",), "beginning": ("impact_started",),
    "alert": ("alerted", "detected"), "page": ("alerted",), "alarm": ("alerted", "detected"), "detection": ("detected", "alerted"),
    "declaration": ("declared",), "acknowledgement": ("acknowledged",), "acknowledgment": ("acknowledged",), "mitigation": ("mitigation_started", "mitigated"),
}  # fmt: skip
_NEAR: Final = 5
"""So many words may stand between a number and what it is about."""
_ATMOST: Final = re.compile(r"\b(?:within|under|less than|fewer than|at most|no more than|in under|below)\s*$", re.IGNORECASE)
_OVER: Final = re.compile(r"\b(?:more than|over|at least|longer than)\s*$", re.IGNORECASE)
_ABOUT: Final = re.compile(r"(?:\b(?:about|around|roughly|approximately|nearly|almost|some|circa|ca\.?)|~|≈)\s*$", re.IGNORECASE)


class Topic(msgspec.Struct, frozen=True):
    """What a verb or a name speaks of: the spans and moments of the record that it may mean."""

    name: str
    pattern: re.Pattern[str]
    spans: tuple[tuple[str, str], ...] = ()
    moments: tuple[str, ...] = ()
    mitigation: str = ""
    """A kind of mitigation, whose own times are meant."""
    phase: str = ""
    """``start`` or ``end`` of the mitigation where the word says which."""


_STARTS: Final = ("impact_started", "detected", "alerted", "acknowledged", "declared", "mitigation_started")


def _from_any(*ends: str) -> tuple[tuple[str, str], ...]:
    return tuple((start, end) for end in ends for start in _STARTS if start != end)


def _is(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)


_TOPICS: Final = (
    Topic("detection", _is("detected|noticed|time to detect|MTTD|detection (?:took|time)"), (("impact_started", "detected"), ("impact_started", "alerted")), ("detected", "alerted")),
    Topic("the alert", _is("alert fired|alerted|was paged|were paged|monitoring alerted"), (("impact_started", "alerted"), ("impact_started", "detected")), ("alerted", "detected")),
    Topic("acknowledgement", _is("acknowledged|time to acknowledge|MTTA"), (("alerted", "acknowledged"), ("detected", "acknowledged"), ("impact_started", "acknowledged")), ("acknowledged",)),
    Topic("the declaration", _is("incident was declared|declared|time to declare"), (("alerted", "declared"), ("detected", "declared"), ("impact_started", "declared"), ("acknowledged", "declared")), ("declared",)),
    Topic("the cause", _is("(?:root )?cause (?:was )?(?:found|identified|known)|identified the (?:root )?cause|found the (?:root )?cause"), _from_any("cause_identified"), ("cause_identified",)),
    Topic("mitigation", _is("mitigated|time to mitigat(?:e|ion)"), (*_from_any("mitigated", "mitigation_effective"), ("alerted", "mitigation_started"), ("declared", "mitigation_started")), ("mitigated", "mitigation_effective")),
    Topic("the resolution", _is("resolved|time to (?:resolve|repair|resolution)|MTTR|time to recover(?:y)?"), _from_any("resolved"), ("resolved",)),
    Topic("the incident's length", _is("incident lasted|outage lasted|impact lasted|incident took|lasted|total duration|duration of the (?:incident|outage)"), _from_any("resolved", "mitigated", "mitigation_effective", "closed"), ()),
    Topic("closing", _is("incident was closed|closed the incident"), (("resolved", "closed"), *_from_any("closed")), ("closed",)),
)  # fmt: skip
"""Words about canonical milestones. A topic without moments judges durations only."""


def topics(material: Material) -> list[Topic]:
    """Return everything that a clause may speak of: milestones, the playbook's own metrics by name, and mitigations that were done."""
    found: list[Topic] = []
    for metric in material.playbook.metrics:
        if metric.start and metric.end and len(metric.name) > 3:  # noqa: PLR2004 (a shorter name is no name)
            found.append(Topic(metric.name, _is(re.escape(metric.name)), ((metric.start, metric.end),)))
        elif metric.mitigation:
            found.append(Topic(metric.name, _is(re.escape(metric.name)), mitigation=metric.mitigation))
    for kind in dict.fromkeys(m.kind for m in material.incident.mitigations.values()):
        found.extend(_of_mitigation(kind))
    return [*found, *_TOPICS]


def _of_mitigation(kind: str) -> list[Topic]:
    """Return the ways in which people speak of a kind of mitigation; its id gives the words (``rollback``, ``scale_up``)."""
    stem = kind.replace("_", " ").casefold()
    noun = "|".join({re.escape(stem), re.escape(stem.replace(" ", "-"))})
    done = noun
    if stem in ("rollback", "roll back"):
        noun, done = "roll[ -]?back", "rolled back|rolled it back|rolled the (?:deployment|release|change) back"
    elif stem == "restart":
        done = "restarted"
    elif stem in ("failover", "fail over"):
        noun, done = "fail[ -]?over", "failed over"
    begun = rf"(?:began|started|initiated|begun|decided)(?: (?:the|a|to))? (?:{noun})|(?:{noun}) (?:was )?(?:began|started|initiated|begun|decided)"
    ended = (
        rf"(?:{noun}) (?:was )?(?:completed|complete|finished|done|in place)|{done}"
        if done != noun
        else rf"(?:{noun}) (?:was )?(?:completed|complete|finished|done|in place)"
    )
    return [
        Topic(f"the {stem}", _is(begun), mitigation=kind, phase="start"), Topic(f"the {stem}", _is(ended), mitigation=kind, phase="end"),
        Topic(f"the {stem}", _is(rf"(?:{noun}) (?:itself )?(?:took|lasted|needed|speed|time)"), mitigation=kind),
    ]  # fmt: skip


def check(material: Material, sentences: Sequence[Sentence]) -> Iterator[Claim]:
    """Yield every duration and clock time that the record contradicts."""
    known = topics(material)
    for sentence in sentences:
        if sentence.content in FUTURE:
            continue
        yield from _durations(material, known, sentence)
        yield from _clock_times(material, known, sentence)


# -- durations ----------------------------------------------------------------------------------------


def _durations(material: Material, known: Sequence[Topic], sentence: Sentence) -> Iterator[Claim]:
    text = sentence.text
    spans = list(_SPAN.finditer(text))
    if len(spans) != 1 or _SKIP.search(text):
        return
    found = spans[0]
    if found["second"] and _UNITS[found["small"][0].casefold()] >= _UNITS[found["unit"][0].casefold()]:
        return  # two durations in a row, not one in two units
    topic = _only(known, text, found.span())
    if topic is None:
        return
    anchored = _FROM.search(text)
    starts: tuple[str, ...] | None = None
    if anchored is not None:
        starts = _ANCHORS.get(anchored["what"].casefold())
        if starts is None and not _is_filler(anchored, found):
            return  # counted from something that the record does not know
    truths = _truths(material, topic, starts)
    if not truths:
        return
    before = text[: found.start()]
    claimed, unit = _seconds(found)
    if any(_agrees(claimed, unit, actual.total_seconds(), before) for _, actual in truths):
        return
    said = "; ".join(f"{words(actual)} {what}" for what, actual in _few(truths))
    yield Claim(
        "duration", sentence.section, sentence.line, text, f"The record has {said}.", f"Write the record's duration, or correct the record if “{found[0]}” is right.", sentence.part, found[0],
        () if _OVER.search(before) else tuple(dict.fromkeys(words(actual) for _, actual in _few(truths))),
    )  # fmt: skip


def _is_filler(anchored: re.Match[str], found: re.Match[str]) -> bool:
    """Tell whether ``of`` or ``from`` only leads to the number (``a duration of about 47 minutes``)."""
    return anchored.group(0).split()[0].casefold() == "of" and anchored.end() <= found.start() + 1


def _only(known: Sequence[Topic], text: str, place: tuple[int, int]) -> Topic | None:
    """Return the one thing that a clause speaks of near a place; None where it speaks of several, of nothing that is known, or far from there."""
    hits = [(topic, match.span()) for topic in known for match in topic.pattern.finditer(text)]
    # A longer name covers the shorter words in it: “time to repair, from the alert” is not about the alert.
    kept = [
        (topic, span) for topic, span in hits if not any(other != span and other[0] <= span[0] and span[1] <= other[1] for _, other in hits)
    ]
    if len({span for _, span in kept}) != 1:
        return None
    topic, (start, end) = kept[0]
    between = text[end : place[0]] if end <= place[0] else text[place[1] : start]
    return topic if len(between.split()) <= _NEAR else None


def _truths(material: Material, topic: Topic, starts: tuple[str, ...] | None) -> list[tuple[str, timedelta]]:
    """Return the spans that the topic may mean, with words for each."""
    if topic.mitigation:
        if topic.phase == "start" or starts is not None:
            return []
        return [
            (
                f"from its start ({material.clock(m.started_at)}) until it was in place ({material.clock(m.completed_at)})",
                m.completed_at - m.started_at,
            )
            for m in material.incident.mitigations.values()
            if m.kind == topic.mitigation and m.completed_at is not None
        ]
    found = []
    for start, end in topic.spans:
        begin, finish = material.moments.get(start), material.moments.get(end)
        if begin is None or finish is None or finish.at < begin.at or (starts is not None and start not in starts):
            continue
        if begin.precision == "range" or finish.precision == "range":
            return []
        found.append((f"from {name_of(start, material.playbook)} to {name_of(end, material.playbook)}", finish.at - begin.at))
    return found


def _few(truths: list[tuple[str, timedelta]]) -> list[tuple[str, timedelta]]:
    return truths[:3]


def _seconds(found: re.Match[str]) -> tuple[float, float]:
    """Return the claimed seconds and the size of the smallest unit that was written."""
    size = _UNITS[found["unit"][0].casefold()]
    total, unit = float(found["first"]) * size, float(size)
    if found["second"]:
        small = _UNITS[found["small"][0].casefold()]
        total, unit = total + int(found["second"]) * small, float(small)
    elif "." in found["first"]:
        unit /= 10
    return total, unit


def _agrees(claimed: float, unit: float, actual: float, before: str) -> bool:
    """Tell whether a claimed number of seconds is a fair way to say the actual one."""
    if _ATMOST.search(before):
        return actual <= claimed + unit / 2
    if _OVER.search(before):
        return actual >= claimed - unit / 2
    slack = max(unit, claimed / 10) if _ABOUT.search(before) else 0.0
    # Both rounding and cutting down are common: 2 min 40 s is “2 minutes” and “3 minutes”.
    return abs(claimed - actual) < max(unit, slack + unit / 2)


# -- clock times --------------------------------------------------------------------------------------


def _clock_times(material: Material, known: Sequence[Topic], sentence: Sentence) -> Iterator[Claim]:
    text = sentence.text
    clocks = list(_CLOCK.finditer(text))
    if len(clocks) != 1 or _SKIP.search(text):
        return
    found = clocks[0]
    if (found["zone"] or "").strip() not in ("", "UTC", "Z", "GMT"):
        return
    if re.search(r"\b(?:by|before|after|since|between|from)\s*$", text[: found.start()], re.IGNORECASE):
        return
    topic = _only(known, text, found.span())
    if topic is None:
        return
    truths = _moments(material, topic)
    clock = f"{int(found['hour']):02}:{found['minute']}"
    if not truths or any(f"{at:%H:%M}" == clock for _, at in truths):
        return
    if not topic.mitigation and _said_then(material, topic, clock):
        return
    said = "; ".join(f"{what} {material.clock(at)} UTC" for what, at in truths[:3])
    yield Claim(
        "clock_time",
        sentence.section,
        sentence.line,
        text,
        f"The record has {said}.",
        "Write the record's time, or correct the record if the text is right.",
        sentence.part,
        clock,
        tuple(dict.fromkeys(f"{at:%H:%M}" for _, at in truths[:3])) if found[0].startswith(clock) else (),
    )


def _moments(material: Material, topic: Topic) -> list[tuple[str, datetime]]:
    if topic.mitigation:
        return [moment for m in material.incident.mitigations.values() if m.kind == topic.mitigation for moment in _of(m, topic)]
    found = []
    for name in topic.moments:
        moment = material.moments.get(name)
        if moment is None:
            continue
        if moment.precision != "exact":
            return []
        found.append((name_of(name, material.playbook), moment.at))
    return found


def _of(m: Mitigation, topic: Topic) -> Iterator[tuple[str, datetime]]:
    """Yield the moments of a mitigation that the words mean; where only one is meant, the other is not an answer."""
    if topic.phase != "end":
        yield f"{topic.name} begun", m.started_at
    if topic.phase != "start" and m.completed_at is not None:
        yield f"{topic.name} in place", m.completed_at


def _said_then(material: Material, topic: Topic, clock: str) -> bool:
    """Tell whether an entry of that minute speaks of the same thing: then the text tells of that entry, not of the milestone."""
    return any(f"{line.at:%H:%M}" == clock and topic.pattern.search(line.text) for line in material.lines)
