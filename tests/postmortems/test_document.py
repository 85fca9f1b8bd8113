"""What the drafted document says, and that it says the same for the same record."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from tests.postmortems.scene import Scene
from tests.world import World
from tocsin.engine.model import Actor
from tocsin.incidents.commands import LogEntry
from tocsin.playbooks import shelf
from tocsin.postmortems.text import gaps, relative, words


@pytest.fixture
def scene(world: World) -> Scene:
    return Scene(world).responded().drafted()


def rows(text: str, title: str) -> list[list[str]]:
    """Return the cells of the first table below a heading."""
    section = text.split(f"\n## {title}\n")[1].split("\n## ", maxsplit=1)[0]
    found = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in found]


def test_every_section_of_the_kind_stands_in_its_order(scene: Scene) -> None:
    kind = next(k for k in shelf.load_shipped("payments-sev1").playbook.review.kinds if k.id == "deployment")
    assert re.findall(r"^## (.*)$", scene.document(), re.MULTILINE) == [section.title for section in kind.sections]


def test_the_header_states_date_duration_severity_lead_and_authors(scene: Scene) -> None:
    head = dict(rows(scene.document(), "Incident"))
    assert head["**Duration**"] == "47 min, 2025-10-27 14:20 UTC to 2025-10-27 15:07 UTC"
    assert (head["**Date**"], head["**Lead**"], head["**Authors**"]) == ("2025-10-27", "charlie", "alice, charlie")
    assert head["**Severity**"].startswith("SEV-1")


def test_the_timeline_has_absolute_and_relative_times_and_the_type_of_each_entry(scene: Scene) -> None:
    lines = rows(scene.document(), "Timeline")
    assert ["14:28", "+8 min", "OBSERVATION", "bob"] in [line[:4] for line in lines]
    assert ["14:40", "+20 min", "DECISION", "charlie", "Roll back v2.3.1 to v2.3.0"] in lines
    assert [line[0] for line in lines] == sorted(line[0] for line in lines)


def test_a_correction_shows_what_stood_there_before(scene: Scene) -> None:
    entry = scene.entry("OBSERVATION", "pool has 40 connections", "14:29")
    scene.post("entries/correct", {"entry": entry, "text": "pool has 50 connections", "reason": "misread"})
    shown = next(line[4] for line in rows(scene.document(), "Timeline") if "pool has 50" in line[4])
    assert "corrected (misread; before: " not in shown  # the reason stands apart from the old text
    assert "(misread)" in shown
    assert "14:29 OBSERVATION: pool has 40 connections" in shown


def test_figures_carry_their_source_and_an_estimate_says_so(scene: Scene) -> None:
    found = rows(scene.document(), "Impact in figures")
    assert ["Failed requests", "about 15,000 requests", "estimate", "gateway log"] in found
    assert ["Users affected", "5,000 users", "measured", "warehouse"] in found


def test_metrics_are_durations_of_this_record(scene: Scene) -> None:
    found = {row[0]: row[1] for row in rows(scene.document(), "Response metrics")}
    assert (found["Time to detect"], found["Time to repair"], found["Rollback speed"]) == ("5 min", "47 min", "2 min")
    assert found["Resolution criteria verified"] == "10 of 11, 1 waived"
    assert "not means" in scene.document()


def test_roles_show_the_hand_over_and_its_time(scene: Scene) -> None:
    found = [row for row in rows(scene.document(), "Who had which role") if row[0] == "Incident Commander"]
    assert found == [
        ["Incident Commander", "alice", "14:30", "14:36", ""],
        ["Incident Commander", "charlie", "14:36", "to the end", "from alice"],
    ]


def test_mitigations_show_before_after_and_verification(scene: Scene) -> None:
    (row,) = rows(scene.document(), "Rollback and other mitigations")
    assert row[2:] == ["bob", "14:40", "14:42", "2 min", "35 %", "0.3 %", "helped (14:45)"]


def test_a_waived_criterion_shows_its_reason_and_who_waived_it(scene: Scene) -> None:
    text = scene.document()
    assert "10 of 11 verified, 1 waived" in text
    waived = [row for row in rows(text, "Resolution criteria") if row[1] == "**waived**"]
    assert [row[2:] for row in waived] == [["alice, 15:07", "the supplier is closed today"]]


def test_promises_and_duties_say_whether_they_were_kept(world: World) -> None:
    scene = Scene(world)
    message = next(m for m in shelf.load_shipped("payments-sev1").playbook.messages if m.kind == "initial")
    fields = {f.id: (["x"] if f.kind == "list" else f.choices[0] if f.choices else "x") for f in message.fields if f.required}
    scene.post("updates", {"message": message.id, "fields": fields, "next_in": "10m"})
    world.at("14:45")
    scene.drafted()
    text = scene.document()
    sent = [row for row in rows(text, "What was told to whom") if "14:30" in row[0]]
    assert [row[4:] for row in sent] == [["14:40", "overdue"]]
    assert any(row[4] == "**overdue**" for row in rows(text, "Duties kept and missed"))
    assert any(row[4] == "kept" for row in rows(text, "Duties kept and missed"))


def test_what_people_must_write_is_marked_and_found_again_and_gone_once_written(scene: Scene) -> None:
    wanted = {gap["section"] for gap in scene.view()["to_write"]}
    assert {
        "summary",
        "five_whys",
        "causes",
        "why_not_caught",
        "went_well",
        "went_poorly",
        "lessons",
        "action_items",
        "deployment",
    } <= wanted
    assert len(gaps(scene.document())) == len(scene.view()["to_write"])
    assert scene.document().count("> - ") == 5
    scene.write("five_whys", "- Why? Because of N+1 queries (trace 4).")
    scene.write("causes", "- N+1 queries", "immediate cause")
    left = [gap for gap in scene.view()["to_write"] if gap["section"] in ("five_whys", "causes")]
    assert len(left) == 2
    assert all("immediate cause" not in gap["asks"] for gap in left)


def test_action_items_are_grouped_and_say_what_they_lack(scene: Scene) -> None:
    scene.action("Alert before the pool is exhausted", group="detect", ticket="PAY-7")
    done = scene.action("Size the pool by load", group="prevent", due="2025-11-01", about="manual sizing")
    text = scene.document()
    assert text.index("**Prevent recurrence**") < text.index("Size the pool by load") < text.index("**Improve detection**")
    assert "addresses: manual sizing; it is due on 2025-11-01, a Saturday" in text
    assert "| Alert before the pool is exhausted | bob | 2025-11-03 |  | open | PAY-7 |" in text
    scene.world.post(f"/actions/{done}/done", {"evidence": "merged"})
    assert "1 of 2 done." in scene.document()


def test_the_same_record_gives_the_same_text_whenever_it_is_read(scene: Scene) -> None:
    before = scene.document()
    scene.world.clock.set(scene.world.now.replace(hour=15, minute=8))
    assert scene.document() == before
    assert scene.document(format="html") == scene.document(format="html")


def test_the_record_cannot_break_out_of_its_cell_or_start_markup(scene: Scene) -> None:
    scene.entry("OBSERVATION", "a | b <script>alert(1)</script>\n## Forged\n> **To write:** x", "14:29")
    text = scene.document()
    assert "## Forged" not in text.splitlines()
    assert r"a \| b \<script>alert(1)\</script> ## Forged > **To write:** x" in text
    assert len(rows(text, "Timeline")[3]) == 5


def test_headings_that_people_write_stay_below_the_documents_own(scene: Scene) -> None:
    scene.write("summary", "# Big\n## Timeline\nText")
    assert scene.document().count("\n## Timeline\n") == 1
    assert "### Big" in scene.document()


def test_the_page_is_escaped_and_self_contained(scene: Scene) -> None:
    scene.write(
        "summary", "<script>alert(1)</script> <img src=x onerror=alert(1)> [x](javascript:alert(1)) ![p](https://evil.example/p.png)"
    )
    page = scene.document(format="html")
    assert "<script" not in page
    assert "<img" not in page
    assert 'href="javascript' not in page
    assert "&lt;script&gt;" in page
    assert "<link" not in page
    assert not re.search(r"style=\"", page)
    assert "@media print" in page
    answer = scene.world.send("GET", f"/incidents/{scene.id}/postmortem/document?format=html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_json_has_the_sections_apart_and_an_unknown_format_is_refused(scene: Scene) -> None:
    found = json.loads(scene.document(format="json"))
    assert [s["id"] for s in found["sections"]][:2] == ["header", "summary"]
    assert found["markdown"] == scene.document()
    assert scene.world.send("GET", f"/incidents/{scene.id}/postmortem/document?format=pdf").status == 422


def test_every_kind_of_every_shipped_playbook_drafts_without_a_gap_in_its_sections(tmp_path: Path) -> None:
    for playbook_id in shelf.shipped():
        playbook = shelf.load_shipped(playbook_id).playbook
        world = World(tmp_path / playbook_id, playbook=playbook_id)
        try:
            for kind in playbook.review.kinds:
                incident = world.post("/incidents", {"title": "Something broke", "severity": playbook.severities[0].id})["incident"]
                world.post(f"/incidents/{incident}/postmortem", {"kind": kind.id})
                text = world.send("GET", f"/incidents/{incident}/postmortem/document").text
                for section in kind.sections:
                    body = text.split(f"## {section.title}\n")[1].split("\n## ")[0].strip()
                    assert body, f"{playbook_id}/{kind.id}/{section.id} is empty"
        finally:
            world.close()


def test_ten_thousand_entries_are_drafted_within_a_second(world: World) -> None:
    scene = Scene(world).drafted()
    actor = Actor("person", "bob")
    futures = []
    from tocsin.engine.committer import Submission

    for number in range(10_000):
        command = LogEntry("OBSERVATION", f"entry {number}: the pool has {number % 50} connections")
        futures.append(world.app.runtime.committer.submit(Submission(f"incident:{scene.id}", command, actor)))
    for future in futures:
        future.result()
    start = time.perf_counter()
    text = scene.document()
    took = time.perf_counter() - start
    assert text.count("OBSERVATION") > 10_000 - 1
    assert took < 1, f"it took {took:.2f} s"


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 min"), (45, "45 s"), (60, "1 min"), (90, "90 s"), (150, "2 min"), (2820, "47 min"), (3900, "1 h 5 min"), (1181940, "13 d 16 h 19 min"), (-300, "−5 min")],
)  # fmt: skip
def test_spans_read_well(seconds: int, said: str) -> None:
    assert words(seconds) == said


def test_relative_times_carry_their_sign() -> None:
    from datetime import timedelta

    assert [relative(timedelta(minutes=m)) for m in (12, 0, -5)] == ["+12 min", "0 min", "−5 min"]
