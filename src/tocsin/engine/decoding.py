"""Have the decoder know every type before several threads decode: it works a type out at the first use, and not safely."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

__all__ = ["work_out_types"]

_done: Final[set[type[Any]]] = set()


def work_out_types() -> None:
    """Have msgspec work out every Struct of this process that it can decode; call it before the first thread starts.

    msgspec puts a type's description where the next thread finds it before it is filled, so two threads that meet a large type for the first
    time together end the process (segmentation fault, or a field that is there is called unknown). One that is worked out is only read. All
    of them take some 50 ms, once.
    """
    for kind in _structs(msgspec.Struct):
        if kind not in _done:
            _done.add(kind)
            try:
                msgspec.json.Decoder(kind)
            except TypeError:  # a value that is never decoded may hold what a decoder could not tell apart
                continue


def _structs(kind: type[Any]) -> Iterator[type[Any]]:
    for below in type.__subclasses__(kind):
        yield below
        yield from _structs(below)
