r"""Regular expressions that match a whole text in time that grows with its length and with nothing else. Pure.

Whoever may write a route or a silence may write a pattern, and it runs for every alert inside the one thread that commits. Python's own
engine tries one way after another, so that ``(a+)+b`` can hold it for hours. Here a pattern becomes an automaton whose states are made as
texts need them: each character is looked at once. The language is the common part of all dialects: literals, ``.``, ``[...]``, groups,
``|``, ``*``, ``+``, ``?``, ``{n,m}``, ``\d \w \s`` and their opposites (ASCII), and ``(?i)`` at the beginning. What needs memory of the
text (back references, looking ahead or behind, word borders) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from tocsin.engine.errors import Refused

LONGEST_PATTERN: Final = 1000
"""Characters."""
MOST_REPEATS: Final = 1000
"""The highest number in ``{n,m}``."""
MOST_NODES: Final = 3000
"""Steps that a pattern may have once its counted repeats are written out."""
MOST_COPIED: Final = 500
"""Steps of these that repeats may add: they are what makes an automaton be in many states at a time."""
_MOST_KNOWN: Final = 20_000
"""Transitions that are remembered; then the memory begins anew."""
_DEEPEST: Final = 50

_LITERALS: Final = re.compile(r"[^\\^$.|?*+()\[\]{}]*(?:\|[^\\^$.|?*+()\[\]{}]*)*")
_DIGITS: Final = frozenset("0123456789")
_WORD: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_SPACE: Final = frozenset(" \t\n\r\f\v")
_CLASSES: Final = {"d": _DIGITS, "w": _WORD, "s": _SPACE}
_CONTROL: Final = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}

Pattern = Callable[[str], bool]
"""Tells whether the whole text matches."""


class PatternRefused(Refused):
    """The text cannot be used as a pattern."""

    code = "pattern.refused"


class _Set(NamedTuple):
    """Characters: single ones, ranges, and whether all others are meant."""

    single: frozenset[str] = frozenset()
    ranges: tuple[tuple[str, str], ...] = ()
    others: bool = False

    def has(self, letter: str) -> bool:
        return (letter in self.single or any(low <= letter <= high for low, high in self.ranges)) is not self.others


_ANY: Final = _Set(others=True)

# An automaton's nodes are numbers: `steps[node]` is what a character leads on from it, `free[node]` where it goes without one.


class _Machine:
    """The automaton under construction, and then at work: a state is the set of nodes in which it can be."""

    def __init__(self) -> None:
        self.steps: list[tuple[_Set, int] | None] = []
        self.free: list[list[int]] = []
        self.end = -1
        self._known: dict[frozenset[int], dict[str, frozenset[int]]] = {}
        self._size = 0
        self._start: frozenset[int] = frozenset()

    def node(self) -> int:
        if len(self.steps) >= MOST_NODES:
            raise PatternRefused("The pattern is too large.", fix="Split it into several matchers.")
        self.steps.append(None)
        self.free.append([])
        return len(self.steps) - 1

    def ready(self, start: int, end: int) -> None:
        self.end = end
        self._start = self._spread({start})

    def _spread(self, nodes: set[int]) -> frozenset[int]:
        waiting, seen = list(nodes), set(nodes)
        while waiting:
            for to in self.free[waiting.pop()]:
                if to not in seen:
                    seen.add(to)
                    waiting.append(to)
        return frozenset(node for node in seen if self.steps[node] is not None or node == self.end)

    def matches(self, text: str) -> bool:
        state = self._start
        known = self._known
        for letter in text:
            following = known.get(state)
            after = following.get(letter) if following is not None else None
            if after is None:
                after = self._follow(state, letter)
            if not after:
                return False
            state = after
        return self.end in state

    def _follow(self, state: frozenset[int], letter: str) -> frozenset[int]:
        reached = {step[1] for node in state if (step := self.steps[node]) is not None and step[0].has(letter)}
        after = self._spread(reached)
        if self._size >= _MOST_KNOWN:
            self._known.clear()
            self._size = 0
        self._known.setdefault(state, {})[letter] = after
        self._size += 1
        return after


class _Reader:
    """Reads a pattern and builds its automaton while it goes: each method returns (first node, last node) of what it read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.ignore_case = False
        self.machine = _Machine()
        self.copied = 0

    def whole(self) -> _Machine:
        if self.text.startswith("(?i)"):
            self.ignore_case, self.at = True, 4
        start, end = self.alternatives(0)
        if self.at < len(self.text):
            raise self.wrong("this `)` closes nothing")
        self.machine.ready(start, end)
        return self.machine

    def wrong(
        self, what: str, fix: str = "Mend the pattern, or put a backslash before a character that is meant as it is."
    ) -> PatternRefused:
        return PatternRefused(f"The pattern {self.text!r} cannot be used: {what} (character {self.at + 1}).", fix=fix)

    def peek(self) -> str:
        return self.text[self.at] if self.at < len(self.text) else ""

    def alternatives(self, depth: int) -> tuple[int, int]:
        if depth > _DEEPEST:
            raise self.wrong("it is nested too deeply")
        machine = self.machine
        start, end = machine.node(), machine.node()
        while True:
            first, last = self.sequence(depth)
            machine.free[start].append(first)
            machine.free[last].append(end)
            if self.peek() != "|":
                return start, end
            self.at += 1

    def sequence(self, depth: int) -> tuple[int, int]:
        machine = self.machine
        start = last = machine.node()
        if self.peek() == "^" and not depth:  # the whole text is matched anyway
            self.at += 1
        while (sign := self.peek()) and sign not in "|)":
            if sign == "$" and not depth and self.text[self.at + 1 : self.at + 2] in ("", "|"):
                self.at += 1
                continue
            begin = self.at
            first, after = self.repeated(depth, begin)
            machine.free[last].append(first)
            last = after
        return start, last

    def repeated(self, depth: int, begin: int) -> tuple[int, int]:
        made = self.atom(depth)
        end_of_atom = self.at
        least, most = self.count()
        if (least, most) == (1, 1):
            return made
        if self.peek() in ("*", "+", "?") or self.count_at(self.at):
            raise self.wrong("a repeat follows a repeat")
        after = self.at
        machine = self.machine
        start = last = machine.node()
        copies = max(least, 1) if most is None else most
        end = machine.node()
        if least == 0:
            machine.free[start].append(end)
        for number in range(copies):
            if number:
                self.at, size = begin, len(machine.steps)
                made = self.atom(depth)
                self.copied += len(machine.steps) - size
                if self.copied > MOST_COPIED:
                    raise self.wrong("it is too large once its repeats are written out", "Use * or + instead of a high count.")
                assert self.at == end_of_atom
            machine.free[last].append(made[0])
            last = made[1]
            if number + 1 >= least:
                machine.free[last].append(end)
        if most is None:
            machine.free[last].append(made[0])
        self.at = after
        return start, end

    def count(self) -> tuple[int, int | None]:
        """Read how often what stands before may come; ``?`` behind a repeat changes nothing for a whole match."""
        sign = self.peek()
        found: tuple[int, int | None] = (1, 1)
        if sign in ("*", "+", "?"):
            self.at += 1
            found = {"*": (0, None), "+": (1, None), "?": (0, 1)}[sign]
        elif (counted := self.count_at(self.at)) is not None:
            self.at += len(counted.group())
            least = int(counted["least"] or 0)
            most = least if counted["comma"] is None else int(counted["most"]) if counted["most"] else None
            if max(least, most or 0) > MOST_REPEATS or (most is not None and most < least):
                raise self.wrong(f"a count goes up to {MOST_REPEATS}, and its second number is not below its first")
            if most == 0:
                raise self.wrong("it repeats something no times", "Take it out.")
            found = (least, most)
        else:
            return found
        if self.peek() == "?":
            self.at += 1
        return found

    def count_at(self, at: int) -> re.Match[str] | None:
        return re.compile(r"\{(?P<least>\d{1,6})(?P<comma>,(?P<most>\d{0,6}))?\}").match(self.text, at)

    def atom(self, depth: int) -> tuple[int, int]:
        sign = self.peek()
        if sign == "(":
            self.at += 1
            if self.text.startswith("?:", self.at):
                self.at += 2
            elif self.peek() == "?":
                named = re.compile(r"\?P?<[A-Za-z_]\w*>").match(self.text, self.at)
                if named is None:
                    raise self.wrong(
                        "groups that look around, or set flags, are not understood",
                        "Use a plain group ( ), and (?i) at the very beginning.",
                    )
                self.at = named.end()
            made = self.alternatives(depth + 1)
            if self.peek() != ")":
                raise self.wrong("a `(` is not closed")
            self.at += 1
            return made
        if sign == "[":
            return self.step(self.bracket())
        if sign == "\\":
            return self.step(self.escape())
        if sign in ("*", "+", "?"):
            raise self.wrong(f"`{sign}` repeats nothing")
        if sign in ("^", "$"):
            raise self.wrong(f"`{sign}` stands inside; a pattern always matches the whole text")
        self.at += 1
        return self.step(_ANY if sign == "." else self.cased(_Set(frozenset(sign))))

    def step(self, letters: _Set) -> tuple[int, int]:
        first, last = self.machine.node(), self.machine.node()
        self.machine.steps[first] = (letters, last)
        return first, last

    def cased(self, letters: _Set) -> _Set:
        if not self.ignore_case:
            return letters
        single = frozenset(form for one in letters.single for form in (one, one.lower(), one.upper()) if len(form) == 1)
        ranges = tuple(
            dict.fromkeys(form for low, high in letters.ranges for form in ((low, high), (low.lower(), high.lower()), (low.upper(), high.upper()))),
        )  # fmt: skip
        return _Set(single, ranges, letters.others)

    def escape(self) -> _Set:
        self.at += 1
        letter = self.peek()
        self.at += 1
        if letter.lower() in _CLASSES:
            return _Set(_CLASSES[letter.lower()], (), letter.isupper())
        return self.cased(_Set(frozenset(self.escaped(letter))))

    def escaped(self, letter: str) -> str:
        """Return the character that an escape stands for; the place is already behind its letter."""
        if letter in _CONTROL:
            return _CONTROL[letter]
        if letter == "x" and (code := re.compile(r"[0-9A-Fa-f]{2}").match(self.text, self.at)):
            self.at += 2
            return chr(int(code.group(), 16))
        if not letter or (letter.isascii() and letter.isalnum()):
            self.at -= 1
            raise self.wrong(f"`\\{letter}` is not understood" if letter else "it ends with a backslash")
        return letter

    def bracket(self) -> _Set:
        self.at += 1
        others = self.peek() == "^"
        self.at += others
        single: set[str] = set()
        ranges: list[tuple[str, str]] = []
        first = True
        while (sign := self.peek()) != "]" or first:
            if not sign:
                raise self.wrong("a `[` is not closed")
            if self.text.startswith("[:", self.at):
                raise self.wrong("named classes are not understood", r"Write [a-z] or \d.")
            first = False
            low = self.member()
            if isinstance(low, frozenset):
                single |= low
                continue
            if self.peek() == "-" and self.text[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                high = self.member()
                if isinstance(high, frozenset) or high < low:
                    raise self.wrong("a range runs from a character to a later one")
                ranges.append((low, high))
            else:
                single.add(low)
        self.at += 1
        return self.cased(_Set(frozenset(single), tuple(ranges), others))

    def member(self) -> str | frozenset[str]:
        sign = self.peek()
        self.at += 1
        if sign != "\\":
            return sign
        letter = self.peek()
        self.at += 1
        if letter in _CLASSES:
            return _CLASSES[letter]
        if letter in ("D", "W", "S"):
            raise self.wrong(f"`\\{letter}` stands inside [ ]", "Write the characters that you mean.")
        return self.escaped(letter)


@lru_cache(maxsize=2048)
def compiled(text: str) -> Pattern:
    """Return what tells whether a whole text matches a pattern.

    Raises:
        PatternRefused: it is no pattern, it is too long, or it needs what no automaton can do.

    """
    if len(text) > LONGEST_PATTERN:
        raise PatternRefused(f"The pattern has {len(text)} characters, more than {LONGEST_PATTERN}.", fix="Split it into several matchers.")
    if _LITERALS.fullmatch(text):  # the commonest by far: one word of several
        return frozenset(text.split("|")).__contains__
    if text in (".*", "(.*)"):
        return _anything
    if text == ".+":
        return bool
    return _Reader(text).whole().matches


def check(texts: Sequence[str]) -> None:
    """Make sure that every text is a pattern.

    Raises:
        PatternRefused: one is not.

    """
    for text in texts:
        compiled(text)


def _anything(_text: str) -> bool:
    return True
