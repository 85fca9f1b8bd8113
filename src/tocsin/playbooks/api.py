"""The API of playbooks: read, check, publish, compare, classify."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from tocsin.engine.model import Reader
from tocsin.playbooks import handlers, queries
from tocsin.playbooks import shelf as shipped
from tocsin.playbooks.lint import lint
from tocsin.playbooks.load import LONGEST_FILE, Loaded
from tocsin.playbooks.queries import Bookshelf
from tocsin.web.endpoints import Asked, Endpoint, encode_hook

_LARGEST = 4 * LONGEST_FILE
"""Bytes of a body that holds a text of the longest length, and its tests."""


def endpoints(bookshelf: Bookshelf) -> list[Endpoint]:
    """Return the endpoints of playbooks."""

    def read(function: Callable[[Asked, Reader], Any]) -> Callable[[Asked], Awaitable[Any]]:
        async def handle(asked: Asked) -> Any:
            def work() -> Any:
                with asked.runtime.reading() as reader:
                    return function(asked, reader)

            return await asyncio.to_thread(work)

        return handle

    def loaded(asked: Asked, reader: Reader, name: str = "id") -> Loaded:
        return handlers.opened(bookshelf, reader, asked.path[name])

    def listed(_asked: Asked, reader: Reader) -> Any:
        return {"playbooks": [_summary(bookshelf, reader, name) for name in bookshelf.ids(reader)]}

    def one(asked: Asked, reader: Reader) -> Any:
        return _whole(loaded(asked, reader))

    def versions(asked: Asked, reader: Reader) -> Any:
        playbook_id = loaded(asked, reader).playbook.playbook
        current = bookshelf.current(playbook_id, reader)
        found = queries.versions(asked.runtime.facts("playbook", playbook_id), current.digest if current else "")
        return {"playbook": playbook_id, "versions": found}

    def linted(asked: Asked, reader: Reader) -> Any:
        found = loaded(asked, reader)
        return {"playbook": found.playbook.playbook, "version": found.playbook.version, "findings": handlers.findings(lint(found))}

    def tested(asked: Asked, reader: Reader) -> Any:
        found = loaded(asked, reader)
        name = found.playbook.playbook
        tests = shipped.shipped_tests(name) if name in shipped.shipped() else None
        results = handlers.run_tests(found, tests, f"{name}.tests.yaml")
        return {
            "playbook": name, "version": found.playbook.version, "has_tests": tests is not None, "results": results,
            "passed": sum(r.outcome == "passed" for r in results), "failed": sum(r.outcome == "failed" for r in results),
        }  # fmt: skip

    def differ(asked: Asked, reader: Reader) -> Any:
        return handlers.compare(loaded(asked, reader).playbook, loaded(asked, reader, "other").playbook)

    def differ_text(asked: Asked, reader: Reader) -> Any:
        return handlers.compare_text(loaded(asked, reader).playbook, asked.body)

    def questions(asked: Asked, reader: Reader) -> Any:
        return handlers.questions(loaded(asked, reader).playbook)

    def classify(asked: Asked, reader: Reader) -> Any:
        return handlers.level(loaded(asked, reader).playbook, asked.body.answers, handlers.all_in_force(bookshelf, reader))

    def crosswalk(_asked: Asked, reader: Reader) -> Any:
        return handlers.crosswalk(handlers.all_in_force(bookshelf, reader))

    async def publish(asked: Asked) -> Any:
        return await handlers.publish(asked.runtime, asked.body, asked.actor, asked.key, asked.fingerprint)

    async def restore(asked: Asked) -> Any:
        return await handlers.restore(asked.runtime, bookshelf, asked.path["id"], asked.body, asked.actor, asked.key, asked.fingerprint)

    async def check(asked: Asked) -> Any:
        return await asyncio.to_thread(handlers.examine, asked.body)

    tag = "playbook"
    return [
        Endpoint("GET", "/playbooks", "List the playbooks in force", read(listed), tag=tag),
        Endpoint("POST", "/playbooks", "Check a playbook and put it in force", publish, handlers.PlaybookText, tag=tag, largest=_LARGEST, needs="manager"),
        Endpoint("POST", "/playbooks/check", "Check a playbook without publishing it", check, handlers.CheckPlaybook, tag=tag, largest=_LARGEST, needs="viewer"),
        Endpoint("GET", "/playbooks/{id}", "One playbook, as data and as text; `id@version` for an older version", read(one), tag=tag),
        Endpoint(
            "POST", "/playbooks/{id}/restore", "Put an earlier version in force again, under the next number", restore, handlers.Restore, tag=tag,
            needs="manager",
        ),
        Endpoint("GET", "/playbooks/{id}/versions", "Every version that was in force", read(versions), tag=tag),
        Endpoint("GET", "/playbooks/{id}/lint", "Where it contradicts itself, and what of that it accepts", read(linted), tag=tag),
        Endpoint("GET", "/playbooks/{id}/test", "Run its own tests", read(tested), tag=tag),
        Endpoint("GET", "/playbooks/{id}/diff/{other}", "What differs in another playbook or version", read(differ), tag=tag),
        Endpoint(
            "POST", "/playbooks/{id}/diff", "What differs in a text", read(differ_text), handlers.PlaybookText, tag=tag, largest=_LARGEST, needs="viewer",
        ),
        Endpoint("GET", "/playbooks/{id}/questions", "What it asks before an incident is declared", read(questions), tag=tag),
        Endpoint("POST", "/playbooks/{id}/classify", "Which level an incident has", read(classify), handlers.Classify, tag=tag, needs="viewer"),
        Endpoint("GET", "/crosswalk", "Which level of each playbook is which of the others", read(crosswalk), tag=tag),
    ]  # fmt: skip


def _summary(bookshelf: Bookshelf, reader: Reader, name: str) -> dict[str, Any]:
    loaded = handlers.opened(bookshelf, reader, name)
    current = bookshelf.current(name, reader)
    book = loaded.playbook
    return {
        "id": name, "version": book.version, "title": book.title, "summary": book.summary, "digest": loaded.digest,
        "shipped": bool(current and current.shipped), "severities": [level.id for level in book.severities],
    }  # fmt: skip


def _whole(loaded: Loaded) -> dict[str, Any]:
    """Return a playbook as its own keys, with its id, text and digest."""
    content: dict[str, Any] = msgspec.to_builtins(loaded.playbook, enc_hook=encode_hook)
    return {**content, "id": loaded.playbook.playbook, "text": loaded.text, "digest": loaded.digest}
