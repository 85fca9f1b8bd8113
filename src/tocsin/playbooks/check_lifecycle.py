"""The graph of stages: where it begins, where it ends, whether every stage lies on a way, and what its gates ask."""

from __future__ import annotations

from collections.abc import Iterable

from tocsin.playbooks.checking import Checker

_END = ("closed", "dismissed")


def check_lifecycle(checker: Checker) -> None:
    """Note ways to nowhere, stages that nobody reaches or leaves, and gates that hold nothing."""
    _check_stages(checker)
    _check_transitions(checker)
    _check_ways(checker)
    _check_gates(checker)


def _check_stages(checker: Checker) -> None:
    lifecycle, names = checker.playbook.lifecycle, checker.names
    checker.known(("lifecycle", "initial"), lifecycle.initial, names.stages, "stage")
    if lifecycle.triage:
        checker.known(("lifecycle", "triage"), lifecycle.triage, names.stages, "stage")
    labels = checker.playbook.status_labels
    for index, stage in enumerate(lifecycle.stages):
        at = ("lifecycle", "stages", index)
        checker.all_known((*at, "sets"), stage.sets, names.milestones, "milestone")
        if stage.window:
            checker.known((*at, "window"), stage.window, names.windows, "window")
        if stage.public and labels:
            checker.known((*at, "public"), stage.public, labels, "status label")


def _check_transitions(checker: Checker) -> None:
    names = checker.names
    seen: set[tuple[str, str, str]] = set()
    for index, move in enumerate(checker.playbook.lifecycle.transitions):
        at = ("lifecycle", "transitions", index)
        checker.known((*at, "move_from"), move.move_from, names.stages, "stage")
        checker.known((*at, "move_to"), move.move_to, names.stages, "stage")
        if move.gate:
            checker.known((*at, "gate"), move.gate, names.gates, "gate")
        if move.move_from == move.move_to:
            checker.say(at, f"the move from `{move.move_from}` leads to itself", "Name another stage in `move_to`.")
        key = (move.move_from, move.move_to, move.if_)
        if key in seen:
            what = f"the move from `{move.move_from}` to `{move.move_to}` stands twice"
            checker.say(at, what, "Keep one of them, or tell them apart with `if`.")
        seen.add(key)


def _check_ways(checker: Checker) -> None:
    lifecycle = checker.playbook.lifecycle
    kinds = {stage.id: stage.kind for stage in lifecycle.stages}
    ways = [(move.move_from, move.move_to) for move in lifecycle.transitions]
    starts = [stage for stage in (lifecycle.initial, lifecycle.triage) if stage in kinds]
    reached = _reach(starts, ways)
    ending = _reach([stage for stage, kind in kinds.items() if kind in _END], [(to, origin) for origin, to in ways])
    for index, stage in enumerate(lifecycle.stages):
        at = ("lifecycle", "stages", index)
        if starts and stage.id not in reached:
            what = f"no way leads to the stage `{stage.id}`"
            checker.say(at, what, f"Add a transition with `move_to: {stage.id}`, or take the stage out.")
        if stage.kind in _END:
            continue
        if not any(origin == stage.id for origin, _ in ways):
            what = f"no way leads out of the stage `{stage.id}`, and it does not end the incident"
            checker.say(at, what, f"Add a transition with `move_from: {stage.id}`, or write `kind: closed`.")
        elif stage.id not in ending:
            what = f"from the stage `{stage.id}` no way leads to an end"
            checker.say(at, what, "Add a transition towards a stage of kind closed or dismissed.")
    if not any(kinds.get(stage) == "closed" for stage in reached):
        what = "no stage of kind closed can be reached"
        checker.say(("lifecycle", "stages"), what, "Add a stage with `kind: closed` and a transition to it.")


def _reach(starts: Iterable[str], ways: list[tuple[str, str]]) -> set[str]:
    reached: set[str] = set()
    waiting = list(starts)
    while waiting:
        stage = waiting.pop()
        if stage not in reached:
            reached.add(stage)
            waiting.extend(to for origin, to in ways if origin == stage)
    return reached


def _check_gates(checker: Checker) -> None:
    names = checker.names
    used = {move.gate for move in checker.playbook.lifecycle.transitions}
    for index, gate in enumerate(checker.playbook.gates):
        at = ("gates", index)
        checker.all_known((*at, "checklists"), gate.checklists, names.checklists, "checklist")
        checker.all_known((*at, "requires"), gate.requires, names.milestones, "milestone")
        checker.all_known((*at, "roles"), gate.roles, names.roles, "role")
        if gate.window:
            checker.known((*at, "window"), gate.window, names.windows, "window")
        if not (gate.checklists or gate.window or gate.requires or gate.roles or gate.confirm):
            what = f"the gate `{gate.id}` asks for nothing"
            checker.say(at, what, "Add `checklists`, `window`, `requires`, `roles` or `confirm`, or take the gate out.")
        if gate.id not in used:
            what = f"no transition uses the gate `{gate.id}`"
            checker.say(at, what, f"Write `gate: {gate.id}` on a transition, or take the gate out.")
