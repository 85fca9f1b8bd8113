"""Templates are written by people: whatever stands in one, nothing runs that it should not, and nothing keeps the outbox for long."""

from __future__ import annotations

import time
from typing import Any

import pytest
from jinja2 import TemplateError

from tests.world import World
from tocsin.comms.render import _rendered, renderer
from tocsin.engine.ports import ChannelFailed
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.template_names import TemplateUnreadable, filters, uses

SECONDS = 5.0
"""What a rendering may take on a busy machine; without a limit each of these runs for minutes or takes all memory."""
LINES = [{"text": "x" * 80, "at": "2025-10-27T14:25:00Z"}] * 5000

COSTLY = [
    "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
    "{{ 9**9**9**9 }}",
    "{{ 'a' * 10**12 }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ 'x'.center(10**11) }}",
    "{{ 'x'|center(100000000000) }}",
    "{{ ['a']|batch(1000000000, 'x')|list }}",
    "{% macro m(n) %}{{ m(n) }}{{ m(n) }}{% endmacro %}{{ m(1) }}",
    "{{ lipsum(n=100000) }}",
    "{% set a %}{{ a }}{{ a }}{% endset %}",
    "{% for a in entries recursive %}{{ loop(entries) }}{% endfor %}",
    "{% set a = [a, a] %}" * 50,
    "{{" + "(" * 3000 + "1" + ")" * 3000 + "}}",
    "{% if f %}" * 1000 + "{% endif %}" * 1000,
    "{{ f " + "or f " * 3000 + "}}",
    "{{ f " + "~ f " * 6000 + "}}",
    "x" * 100_000,
]
ESCAPES = [
    "{{ incident.__class__.__mro__ }}",
    "{{ incident['__class__'] }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ self._TemplateReference__context }}",
    "{{ incident.title.format(incident) }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ incident|attr('__class__') }}",
    "{% include '/etc/passwd' %}",
    "{{ incident|map('attr', '__class__')|list }}",
]


def _refused(text: str) -> bool:
    try:
        return any(use.kind == "filter" and use.name not in filters() for use in uses(text))
    except TemplateUnreadable:
        return True


@pytest.mark.parametrize("text", COSTLY, ids=range(len(COSTLY)))
def test_a_template_that_could_run_for_ever_is_refused_when_it_is_checked_and_fails_when_it_is_rendered(text: str) -> None:
    begin = time.monotonic()
    assert _refused(text)
    with pytest.raises((TemplateError, RecursionError)):
        _rendered(text, {"entries": LINES, "f": {}})
    assert time.monotonic() - begin < SECONDS


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in entries %}{% for b in entries %}{% for c in entries %}{{ c.text }}{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in entries %}{% for b in entries %}{% endfor %}{% endfor %}",
        "{% for a in entries %}{% for b in entries %}long text that is said again and again{% endfor %}{% endfor %}",
        "{% for a in entries %}{{ entries|sort(attribute='text')|join('x', 'text') }}{% endfor %}",
        "{% for a in entries %}{{ entries|join(big) }}{% endfor %}",
        "{{ entries|join(big, 'text') }}",
        "{% set a = big %}" + "{% set a = a ~ a %}" * 60,
        "{% for a in entries %}{% if big == big ~ a.text %}x{% endif %}{% endfor %}",
    ],
)  # fmt: skip
def test_loops_over_the_record_itself_end_within_a_budget(text: str) -> None:
    begin = time.monotonic()
    with pytest.raises(TemplateError, match=r"repeats too often|grows beyond"):
        _rendered(text, {"entries": LINES, "big": "y" * 100_000})
    assert time.monotonic() - begin < SECONDS


@pytest.mark.parametrize("text", ESCAPES)
def test_no_template_gets_at_python(text: str) -> None:
    try:
        said = _rendered(text, {"incident": {"title": "{0.__class__}"}})
    except (TemplateError, TypeError):
        return
    assert "class" not in said
    assert "uid=" not in said


def test_what_a_template_may_still_do_is_enough() -> None:
    text = "{% set who = f.who|default('nobody') %}{{ who|upper }}: {% for e in entries if e.text %}{{ loop.index }} of {{ loop.length }} {{ e.text|truncate(9) }}{% if not loop.last %}, {% endif %}{% else %}none{% endfor %}{{ ' (' ~ number ~ ')' if number > 1 }} {{ names|join(', ') }} {{ entries|join('+', 'text') }}"
    values = {"f": {}, "entries": [{"text": "one"}, {"text": "two"}], "number": 3, "names": ["a", "b"]}
    assert _rendered(text, values) == "NOBODY: 1 of 2 one, 2 of 2 two (3) a, b one+two"


def test_what_people_write_is_printed_and_never_run(world: World) -> None:
    evil = "{{ 7 * 7 }} {% for x in [1, 2] %}loop{% endfor %} {0.__class__} ${x} #{y}"
    incident = world.declare(title=evil, impact=evil, topic=evil)
    world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": evil})
    world.post(f"/incidents/{incident}/severity", {"severity": "SEV-2", "reason": evil})
    world.advance(hours=2)
    sent = world.outbox()
    assert any(evil in message["subject"] + message["body"] for message in sent)
    assert not any("49" in message["subject"] or "looploop" in message["body"] for message in sent)


def _update(playbook: str, world: World) -> dict[str, Any]:
    return {"template": {"playbook": playbook}, "message": "update", "incident": {"title": "x"}, "entries": LINES}


def test_a_costly_template_of_a_pinned_playbook_fails_for_good_and_says_why(world: World) -> None:
    book = world.app.shelf
    with world.app.runtime.reading() as reader:
        found = book.current("house", reader)
        assert found is not None
        playbook = book.by_digest(found.digest, reader)
    assert playbook is not None
    message = playbook.messages[0]
    loops = "{% for a in entries %}{% for b in entries %}{{ b.text }}{% endfor %}{% endfor %}"

    def altered(_digest: str) -> Playbook:
        import msgspec

        return msgspec.structs.replace(playbook, messages=(msgspec.structs.replace(message, id="update", body=loops),))

    with pytest.raises(ChannelFailed, match=r"repeats too often|grows beyond") as failure:
        renderer(altered)("incident.update", "", _update("", world))
    assert failure.value.permanent
