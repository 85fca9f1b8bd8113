"""Which moment a milestone stands for, out of all its candidates, by the playbook's definitions. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from tocsin.incidents.model import Incident, Moment
from tocsin.playbooks.model import CANONICAL_MILESTONES, Playbook


def keeps(playbook: Playbook | None) -> dict[str, str]:
    """Return for each milestone whether the first or the last moment counts."""
    own = {m.id: m.keep for m in playbook.milestones} if playbook else {}
    return {**CANONICAL_MILESTONES, **own}


def known(incident: Incident, playbook: Playbook | None) -> dict[str, Moment]:
    """Return every known milestone with its moment, in order of time. What is unknown is absent, never guessed."""
    keep = keeps(playbook)
    chosen: dict[str, Moment] = {}
    for name, candidates in incident.moments.items():
        if moment := _choose(candidates, keep.get(name, "first")):
            chosen[name] = moment
    if playbook is not None:
        for milestone in playbook.milestones:
            not_before = milestone.set_by.not_before
            if not not_before or milestone.id not in chosen:
                continue
            floor = chosen.get(not_before)
            late_enough = [m for m in incident.moments[milestone.id] if m.explicit or (floor is not None and m.at >= floor.at)]
            if moment := _choose(late_enough, milestone.keep):
                chosen[milestone.id] = moment
            else:
                del chosen[milestone.id]
    return dict(sorted(chosen.items(), key=lambda item: (item[1].at, item[1].source)))


def _choose(candidates: tuple[Moment, ...] | list[Moment], keep: str) -> Moment | None:
    """Choose the first or last moment. One that a person stated goes before those that were derived."""
    if not candidates:
        return None
    stated = [m for m in candidates if m.explicit]
    pool = stated or list(candidates)
    if stated and keep == "last":
        # Something that happened after the statement was recorded (resolved a second time) counts again.
        newest = max(m.source for m in stated)
        pool = stated + [m for m in candidates if not m.explicit and m.source > newest and m.at > max(s.at for s in stated)]
    pick = min if keep == "first" else max
    return pick(pool, key=lambda m: (m.at, m.source))


def at(moments: Mapping[str, Moment], name: str) -> Moment | None:
    """Return a milestone's moment; None where it is unknown."""
    return moments.get(name)


def name_of(milestone: str, playbook: Playbook | None) -> str:
    """Return what people read for a milestone: the playbook's name for its own, words for a canonical one."""
    own = next((m.name for m in playbook.milestones if m.id == milestone), None) if playbook else None
    return own or milestone.replace("_", " ").capitalize()
