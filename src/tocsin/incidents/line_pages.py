"""The timeline as pages read it: a part of it, one line, as it is now or was; each with the facts and attachments of its lines only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from tocsin.engine.errors import NotFound
from tocsin.engine.model import Fact
from tocsin.engine.ports import ChannelFailed, Renderer
from tocsin.incidents import attachments, queries, room, story, timeline, timeline_queries
from tocsin.incidents.outline import Window, outline_of
from tocsin.people import names_queries
from tocsin.people.rights import at_least
from tocsin.playbooks.queries import Bookshelf
from tocsin.web.layout import Visit, number_of

_ROWS: Final = 60
"""So many lines of a timeline are shown at first, and again with each look further back (a matter of display)."""
_MOST_ROWS: Final = 1000
"""So many at most, for whoever wants them all on one page."""
_MOST_NEW: Final = 200
"""A page that has missed more than this is loaded again instead of being mended."""
_SAVED: Final = "incident.update"


class Lines:
    """Reads timelines. One per application: it keeps outlines of those that were looked at last."""

    def __init__(self, shelf: Bookshelf, render: Renderer) -> None:
        """Render: how the outbox renders, so that a page shows the message exactly as it was sent."""
        self._shelf = shelf
        self._render = render
        self._outlines = timeline_queries.Outlines()

    def now(self, visit: Visit, opened: queries.Opened, sorts: tuple[str, ...]) -> dict[str, Any]:
        """Return the lines that the page shows of the timeline as it is. sorts: only lines of these."""
        name = opened.incident.id
        since = number_of(visit.query.get("since", ""))
        with visit.runtime.reading() as reader:
            outline = self._outlines.of(reader, name)
        gap = False
        if since:
            changed = outline.since(since, sorts=sorts)
            gap = len(changed) > _MOST_NEW
            window = Window(changed[-_MOST_NEW:])
        else:
            most = _MOST_ROWS if visit.query.get("entries") == "all" else _ROWS
            before, around = (number_of(visit.query.get(word, "")) for word in ("before", "around"))
            window = outline.window(most, sorts=sorts, before=before, around=around)
        pinned = [mark for fact in opened.incident.pinned if (mark := outline.mark(fact)) is not None]
        wanted = outline.facts_of((*window.marks, *pinned))
        facts = visit.runtime.facts("incident", name, versions=wanted)
        names = self._names(visit, timeline.people_of(facts))
        lines = timeline.lines(facts, opened.playbook, names)
        files = self._files(visit, lines)
        inside = {mark.fact for mark in window.marks}
        rows = story.story(
            [line for line in lines if line.fact in inside],
            facts,
            opened.playbook,
            self._said,
            files,
            opened.incident.pinned,
            fold=not sorts,
        )
        strip = [line for line in lines if line.fact in opened.incident.pinned]
        order = {fact: n for n, fact in enumerate(opened.incident.pinned)}
        up = story.story(sorted(strip, key=lambda line: order[line.fact]), facts, opened.playbook, self._said, files, fold=False)
        return {
            "rows": rows, "pins": up, "left_out": window.earlier, "later_rows": window.later, "since_fact": since, "gap": gap, "outline": outline,
            "first_fact": window.marks[0].fact if window.marks else 0, "total_rows": len(outline.marks),
        }  # fmt: skip

    def past(self, visit: Visit, opened: queries.Opened, sorts: tuple[str, ...]) -> dict[str, Any]:
        """Return the lines of the timeline as of the moment that is looked at."""
        outline = outline_of(opened.facts)
        window = outline.window(_ROWS, sorts=sorts)
        wanted = set(outline.facts_of(window.marks)) | set(opened.incident.pinned)
        facts = [fact for fact in opened.facts if fact.version in wanted]
        inside = {mark.fact for mark in window.marks}
        lines = timeline.lines(facts, opened.playbook, self._names(visit, timeline.people_of(facts)))
        rows = story.story([line for line in lines if line.fact in inside], facts, opened.playbook, self._said, fold=not sorts)
        pinned = [line for line in lines if line.fact in opened.incident.pinned]
        return {
            "rows": rows, "pins": story.story(pinned, facts, opened.playbook, self._said, fold=False), "left_out": window.earlier, "later_rows": 0,
            "since_fact": 0, "gap": False, "outline": outline, "first_fact": 0, "total_rows": len(outline.marks),
        }  # fmt: skip

    def one(self, visit: Visit, number: int) -> dict[str, Any]:
        """Return one line with what it said before, and what its page shows around it.

        Raises:
            NotFound: there is no such line, or its content was taken away.

        """
        opened = queries.open_incident(visit.runtime, self._shelf, visit.path["id"])
        incident = opened.incident
        with visit.runtime.reading() as reader:
            outline = self._outlines.of(reader, incident.id)
        mark = outline.mark(number)
        facts: list[Fact] = visit.runtime.facts("incident", incident.id, versions=outline.facts_of((mark,))) if mark else []
        names = self._names(visit, timeline.people_of(facts))
        lines = [line for line in timeline.lines(facts, opened.playbook, names) if line.fact == number]
        if mark is None or not lines:
            raise NotFound(f"{incident.id} has no line {number}.", fix="It may have been taken out of the record; open the room.")
        files = self._files(visit, lines)
        item = story.story(lines, facts, opened.playbook, self._said, files, incident.pinned, fold=False)[0]
        kinds = [{"id": t.id, "name": t.name} for t in opened.playbook.entry_types] if opened.playbook else []
        by = lines[0].kind
        if lines[0].entry and by not in {one["id"] for one in kinds}:
            kinds = [{"id": by, "name": by.replace("_", " ").capitalize()}, *kinds]
        head = room.head(incident, opened.playbook, opened.now)
        history = [one for one in facts if one.version == number or getattr(one.event, "entry", 0) == number]
        return {
            **head, "item": item, "line": lines[0], "kinds": kinds, "names": names, "at_now": opened.now, "history": history, "kind": by,
            "works": at_least(visit.viewer.role, "responder") and not incident.merged_into,
            "redactable": lines[0].entry or lines[0].kind == "incident.update_posted",
        }  # fmt: skip

    def _names(self, visit: Visit, people: Iterable[str]) -> dict[str, str]:
        with visit.runtime.reading() as reader:
            return names_queries.names_of(reader, people)

    def _files(self, visit: Visit, lines: Iterable[timeline.Line]) -> dict[str, story.File]:
        digests = [digest for line in lines for digest in line.data.get("attachments", ())]
        if not digests:
            return {}
        with visit.runtime.reading() as reader:
            found = timeline_queries.attached(reader, digests)
        return {name: attachments.shown(name, one.name, one.media_type, one.size, one.head) for name, one in found.items()}

    def _said(self, values: Mapping[str, Any]) -> tuple[str, str]:
        """Return a message as it was sent."""
        try:
            return self._render(_SAVED, "", dict(values))
        except ChannelFailed as failure:
            return "", f"This message could not be rendered: {failure}."
