"""Find runbooks that playbooks name. There are a few dozen, held in memory with their playbooks, so they are looked through as they are. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from tocsin.playbooks.model import Playbook
from tocsin.search.asked import Term

_WORD: Final = re.compile(r"[^\W_]+")
_ENDINGS: Final = ("ing", "ed", "es", "s", "e")
_STEM: Final = 4
IN_NAME: Final = 6.0
"""A word of the name counts so many times as much as one of the text, as in the index."""


class Runbook(msgspec.Struct, frozen=True):
    """A runbook that was found."""

    playbook: str
    playbook_name: str
    id: str
    name: str
    text: str
    score: float


def runbooks(books: Iterable[Playbook], found: tuple[Term, ...]) -> Iterator[Runbook]:
    """Yield the runbooks that have every word, and none that must be absent."""
    if not found:
        return
    for book in books:
        for one in book.runbooks:
            text = "\n".join((*one.matches, *one.steps, one.link))
            title, body = _words(f"{one.name} {one.id}"), _words(text)
            if all(_there(term, (*title, *body)) != term.absent for term in found):
                wanted = [term for term in found if not term.absent]
                score = sum(IN_NAME if _there(term, title) else 1.0 for term in wanted) / len(wanted)
                yield Runbook(book.playbook, book.title, one.id, one.name, text, score)


def _words(text: str) -> tuple[str, ...]:
    return tuple(_stem(word) for word in _WORD.findall(text.casefold()))


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _STEM:
            return word[: -len(ending)]
    return word


def _there(term: Term, words: tuple[str, ...]) -> bool:
    """Tell whether the words of a term stand side by side."""
    wanted = [_stem(word.casefold()) for word in term.words]
    last = wanted[-1] if not term.prefix else term.words[-1].casefold()[: max(_STEM, len(wanted[-1]))]
    for begin in range(len(words) - len(wanted) + 1):
        here = words[begin : begin + len(wanted)]
        if list(here[:-1]) == wanted[:-1] and (here[-1] == wanted[-1] or (term.prefix and here[-1].startswith(last))):
            return True
    return False
