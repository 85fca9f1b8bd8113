"""The life of an incident as a drawing: stages below one another, moves as arrows beside them. Places only; a template draws. Pure."""

from __future__ import annotations

from typing import Final

import msgspec

from tocsin.playbooks.model import Playbook

BOX_WIDTH: Final = 236
BOX_HEIGHT: Final = 46
STEP: Final = 84
"""From the top of one box to the top of the next."""
LANE: Final = 15
"""Between two arrows that run beside the boxes."""
_GAP: Final = 6
_HEAD: Final = 12
_MARGIN: Final = 12


class Box(msgspec.Struct, frozen=True):
    """A stage. ``x`` and ``y`` are its upper left corner."""

    id: str
    name: str
    public: str
    kind: str
    x: int
    y: int
    first: bool
    last: bool


class Arrow(msgspec.Struct, frozen=True):
    """A move, as the path of an SVG. ``gate`` is the name of its gate; the mark stands at ``gate_x``, ``gate_y``."""

    path: str
    backward: bool
    gate: str
    gate_id: str
    gate_x: int
    gate_y: int
    says: str


class Drawing(msgspec.Struct, frozen=True):
    """The whole drawing with its size in units of SVG."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def drawing(playbook: Playbook) -> Drawing:
    """Return the drawing of a playbook's stages and moves: forward beside the left edge, back beside the right one."""
    # What ends the incident beside its usual course is drawn below it.
    stages = sorted(playbook.lifecycle.stages, key=lambda s: s.kind == "dismissed")
    row = {stage.id: index for index, stage in enumerate(stages)}
    moves = sorted(
        {
            (row[source], row[t.move_to], t.gate, t.ask, t.backward)
            for t in playbook.lifecycle.transitions
            for source in ([s.id for s in stages if s.kind not in ("closed", "dismissed")] if t.move_from == "*" else [t.move_from])
            if source in row and t.move_to in row and source != t.move_to
        },
        key=lambda m: (abs(m[1] - m[0]), m),
    )
    lanes: dict[bool, list[list[tuple[int, int]]]] = {False: [], True: []}
    placed = [(move, -1 if move[1] == move[0] + 1 else _lane(lanes[move[1] < move[0]], move[0], move[1])) for move in moves]
    left = _MARGIN + LANE * (len(lanes[False]) + 1)
    names = {gate.id: gate.name for gate in playbook.gates}
    leaving = {t.move_from for t in playbook.lifecycle.transitions if not t.backward}
    boxes = tuple(
        Box(s.id, s.name, s.public, s.kind, left, _MARGIN + STEP * i, s.id == playbook.lifecycle.initial, s.id not in leaving)
        for i, s in enumerate(stages)
    )
    spread = {index: _ports(index, placed) for index in range(len(stages))}
    arrows = tuple(_arrow(move, lane, left, names, spread) for move, lane in placed)
    width = left + BOX_WIDTH + LANE * (len(lanes[True]) + 1) + _MARGIN
    return Drawing(width, _MARGIN * 2 + STEP * (len(stages) - 1) + BOX_HEIGHT, boxes, arrows)


Move = tuple[int, int, str, str, bool]


def _lane(lanes: list[list[tuple[int, int]]], start: int, end: int) -> int:
    """Return the first lane in which nothing else runs between the two rows."""
    low, high = min(start, end), max(start, end)
    for number, taken in enumerate(lanes):
        if all(high <= other_low or low >= other_high for other_low, other_high in taken):
            taken.append((low, high))
            return number
    lanes.append([(low, high)])
    return len(lanes) - 1


def _ports(row: int, placed: list[tuple[Move, int]]) -> dict[tuple[Move, bool], int]:
    """Return at which height arrows leave and reach a box, so that they do not lie on one another."""
    ports: dict[tuple[Move, bool], int] = {}
    for right in (False, True):
        here = [
            (move, out, lane)
            for move, lane in placed
            if lane >= 0 and (move[1] < move[0]) == right
            for out in (True, False)
            if move[0 if out else 1] == row
        ]
        # What comes from or goes to a higher row touches the box further up; the outermost lane touches it last.
        here.sort(key=lambda one: _order(row, *one))
        for number, (move, out, _) in enumerate(here):
            ports[move, out] = round(BOX_HEIGHT * (number + 1) / (len(here) + 1))
    return ports


def _order(row: int, move: Move, out: bool, lane: int) -> tuple[bool, int]:
    other = move[1] if out else move[0]
    return other > row, lane if other > row else -lane


def _arrow(move: Move, lane: int, left: int, names: dict[str, str], spread: dict[int, dict[tuple[Move, bool], int]]) -> Arrow:
    start, end, gate, ask, _ = move
    backward = end < start
    if lane < 0:
        x = left + BOX_WIDTH // 2
        top, bottom = _MARGIN + STEP * start + BOX_HEIGHT, _MARGIN + STEP * end
        return Arrow(f"M{x} {top}V{bottom - 2}", backward, names.get(gate, ""), gate, x, (top + bottom) // 2, ask)
    y1 = _MARGIN + STEP * start + spread[start][move, True]
    y2 = _MARGIN + STEP * end + spread[end][move, False]
    edge = left + BOX_WIDTH if backward else left
    out = edge + LANE * (lane + 1) if backward else edge - LANE * (lane + 1)
    turn = _HEAD if out > edge else -_HEAD
    down = 8 if y2 > y1 else -8
    bend = 8 if out > edge else -8
    path = (
        f"M{edge} {y1}H{out - bend}Q{out} {y1} {out} {y1 + down}V{y2 - down}Q{out} {y2} {out - bend} {y2}H{edge + (2 if turn > 0 else -2)}"
    )
    return Arrow(path, backward, names.get(gate, ""), gate, out, (y1 + y2) // 2, ask)
