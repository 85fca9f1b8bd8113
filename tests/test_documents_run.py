"""The pages that tell people what to type: every command of theirs runs as it stands there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import click
import pytest

from tests.cli.conftest import Shell, WorldTransport
from tests.world import World
from tocsin.cli import client as client_module
from tocsin.cli.main import cli

ROOT: Final = Path(__file__).parents[1]
DOCS: Final = ROOT / "docs"
_BLOCK: Final = re.compile(r"^ *```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of a page in one language, without the indentation that a list gives them."""
    found = _BLOCK.findall(page.read_text(encoding="utf-8"))
    return [
        "\n".join(line.strip() if language == "console" else line for line in text.splitlines()) for kind, text in found if kind == language
    ]


def typed(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield every command of a page's console blocks with the lines that the page shows of its answer."""
    for block in blocks(page, "console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *shown = part.splitlines()
            yield command, [line for line in shown if line]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """An installation at the time of the tutorial, in an empty folder."""
    for name in ("SERVER", "DATA", "TOKEN", "PERSON", "PLAYBOOK"):
        monkeypatch.delenv(f"TOCSIN_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    made = World(tmp_path / "tocsin-data", datetime(2026, 3, 2, 14, 25, tzinfo=UTC), "house")
    monkeypatch.setattr("tocsin.cli.shell.connect", lambda *given: client_module.Client(WorldTransport(made), "", given[3] or ""))
    yield made
    made.close()


def type_page(page: Path, shell: Shell) -> None:
    for command, shown in typed(page):
        words, _, file = command.partition(" > ")
        assert words.startswith("tocsin "), command
        code = 1 if any(line.startswith("Error:") for line in shown) else 0
        ran = shell(words.removeprefix("tocsin "), code=code, person="ana")
        for line in shown:
            assert line in ran.out + ran.err, f"`{command}` does not print {line!r} but:\n{ran.out}{ran.err}"
        if file:
            text = ran.out
            if file == "team.yaml":  # the page says to change the first lines
                text = text.replace("playbook: house\n", "playbook: team\n", 1).replace("title: House default", "title: Our team", 1)
                tests = re.sub(r"#.*", "", blocks(DOCS / "reference" / "playbooks.md", "yaml")[1])
                Path("team.tests.yaml").write_text(tests, encoding="utf-8")
            Path(file).write_text(text, encoding="utf-8")


def test_the_tutorial_runs_from_declaration_to_evidence(world: World) -> None:
    type_page(DOCS / "tutorial.md", Shell(world))
    (incident,) = world.get("/incidents")["incidents"]
    assert incident["stage"] == "resolved"
    assert Path("evidence.zip").read_bytes().startswith(b"PK")


def pieces(page: Path) -> Iterator[tuple[str, str]]:
    """Yield the fenced blocks of a page in their order: the language and the text."""
    for kind, text in _BLOCK.findall(page.read_text(encoding="utf-8")):
        yield kind, "\n".join(line.strip() for line in text.splitlines()) if kind == "console" else textwrap.dedent(text)


def said(world: World, kind: str) -> list[dict[str, Any]]:
    return [one for one in world.outbox() if one["kind"] == kind]


def as_here(command: str, world: World) -> str:
    """Put what this installation made (codes, ids) where the page shows its own."""
    if command.startswith("tocsin contact confirm "):
        person = shlex.split(command)[3]
        code = [one["values"]["code"] for one in said(world, "person.verify") if one["values"]["person"] == person][-1]
        return f"{command.rpartition(' ')[0]} {code}"
    if "P-" in command:
        command = re.sub(r"P-[A-Z0-9]{6}", str(world.get("/pages", state="")["pages"][-1]["id"]), command)
    if "INC-" in command:
        command = re.sub(r"INC-\d{8}-[A-Z0-9]{6}", str(world.get("/incidents")["incidents"][0]["id"]), command)
    return command


def type_walk(page: Path, shell: Shell, files: tuple[str, ...] = (), key: str = "") -> None:
    """Do what a page says, block by block: save its files, type its commands, send its alerts."""
    left = list(files)
    for kind, text in pieces(page):
        if kind in ("yaml", "json") and left:
            Path(left.pop(0)).write_text(text, encoding="utf-8")
        for line in text.splitlines() if kind == "sh" else ():
            if line.startswith("sed "):
                Path("alert.json").write_text(Path("alert.json").read_text().replace('"firing"', '"resolved"'))
            if line.startswith("curl ") and key:
                body = Path(line.partition("@")[2].split()[0]).read_bytes()
                (address,) = shell.world.get(f"/intake-keys/{key}")["urls"].values()
                answer = shell.world.send("POST", urlsplit(address).path, None, "", {"content-type": "application/json"}, body)
                assert answer.status == 200, answer.text
        if kind == "console":
            type_block(text, shell)


def type_block(text: str, shell: Shell) -> None:
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, *shown = part.splitlines()
        words, _, file = as_here(command, shell.world).partition(" > ")
        ran = shell(words.removeprefix("tocsin "), person="ana")
        if file:
            Path(file).write_text(ran.out, encoding="utf-8")
        for line in filter(None, shown):
            assert line in ran.out + ran.err, f"`{command}` does not print {line!r} but:\n{ran.out}{ran.err}"


def test_the_tutorial_on_paging_runs_from_a_file_to_the_end_of_a_page(world: World) -> None:
    type_walk(DOCS / "tutorial-on-call.md", Shell(world), ("team.yaml", "alert.json"), "shop")
    first = world.get("/pages", state="")["pages"][-1]
    assert (first["state"], first["acknowledged_by"]) == ("resolved", "bo")
    assert [one["values"]["person"] for one in said(world, "page.notification")] == ["ana", "bo", "ana"]


def test_tools_are_connected_as_the_page_says(world: World) -> None:
    type_walk(DOCS / "how-to" / "connect-your-tools.md", Shell(world), ("body.json", "mapping.yaml", "intake.yaml"))
    (key,) = world.get("/intake-keys/reports")["urls"].values()
    form = world.page(f"/report/{key.rpartition('/')[2]}")
    assert "Report trouble with the shop" in form.text


def test_keys_that_senders_have_already_are_brought_along_as_the_page_says(world: World) -> None:
    type_walk(DOCS / "how-to" / "replace-pagerduty-opsgenie-alertmanager.md", Shell(world))
    event = {
        "routing_key": "0123456789abcdef0123456789abcdef", "event_action": "trigger",
        "payload": {"summary": "Disk is full", "source": "db-1", "severity": "critical"},
    }  # fmt: skip
    assert world.send("POST", "/v2/enqueue", event, "").status == 202
    genie = {"authorization": "GenieKey 11111111-2222-3333-4444-555555555555"}
    assert world.send("POST", "/v2/alerts", {"message": "Disk is full"}, "", genie).status == 202
    assert [one["service"] for one in world.get("/alerts")["alerts"]] == ["shop", "shop"]


def test_routes_and_quiet_are_set_as_the_page_says(world: World) -> None:
    type_walk(DOCS / "how-to" / "route-and-quiet.md", Shell(world), ("routes.yaml", "inhibition.yaml"))
    assert [one["name"] for one in world.get("/routes")["routes"]["routes"]] == ["development", "shop", "rest"]


def test_people_are_called_as_the_page_says(world: World) -> None:
    type_walk(DOCS / "how-to" / "paging.md", Shell(world))
    policy = blocks(DOCS / "how-to" / "paging.md", "yaml")[0]
    Path("payments.yaml").write_text(policy, encoding="utf-8")
    Shell(world)("policy apply payments.yaml", person="ana")


def test_a_playbook_is_copied_changed_tested_and_published_as_the_page_says(world: World) -> None:
    type_page(DOCS / "how-to" / "write-a-playbook.md", Shell(world))
    assert world.get("/incidents")["incidents"][0]["playbook"] == "team"


def test_a_procedure_is_rehearsed_as_the_page_says(world: World) -> None:
    type_page(DOCS / "how-to" / "follow-your-own-procedure.md", Shell(world))


def test_the_incident_of_the_page_is_taken_in(world: World) -> None:
    page = DOCS / "how-to" / "import-past-incidents.md"
    (document,) = blocks(page, "json")
    Path("past.json").write_text(document, encoding="utf-8")
    type_page(page, Shell(world))
    (incident,) = world.get("/incidents")["incidents"]
    view = world.get(f"/incidents/{incident['id']}")
    assert (view["imported"], view["obligations"]) == (True, [])
    log = [
        {"kind": "incident-log", "quarters": [{"quarter": "2024-Q2", "incidents": [{"title": "A disk", "fault": "2024-04-02T10:00:00Z"}]}]}
    ]
    assert world.post("/incidents/import/file?playbook=house", log)["count"] == 1


def test_a_copy_is_made_and_verified_as_the_page_says(world: World) -> None:
    shell = Shell(world)
    world.declare(severity="SEV2")
    world.advance(days=1)
    page = DOCS / "how-to" / "back-up-and-verify.md"
    type_page(page, shell)
    Path("tocsin-data/token").write_text("x")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    said = ""
    for script in blocks(page, "sh"):
        said = subprocess.run(
            ["sh", "-eu", "-c", script], capture_output=True, text=True, check=True, env={**os.environ, "PATH": path}
        ).stdout
    assert "every record is whole" in said


def test_somebody_is_called_as_the_page_about_paging_says(world: World) -> None:
    shell = Shell(world)
    page = DOCS / "how-to" / "paging.md"
    type_page(page, shell)
    (policy,) = blocks(page, "yaml")
    Path("payments.yaml").write_text(policy, encoding="utf-8")
    shell("policy apply payments.yaml", person="ana")
    assert {one["id"] for one in world.get("/policies")["policies"]} == {"default", "payments"}
    assert [one["title"] for one in world.get("/pages")["pages"]][-2:] == ["Look at the database with me", "Checkout errors"]


def test_the_examples_of_the_reference_hold(world: World) -> None:
    """The deadlines that the page on calendars states, and the acceptance that it shows."""
    case = world.post("/incidents", {"title": "x", "playbook": "rota-and-runbooks", "severity": "SEV-3", "at": "2025-10-27T14:25:00Z"})[
        "incident"
    ]
    world.post(f"/incidents/{case}/milestones", {"milestone": "alerted", "when": "2025-10-27T14:25:00Z"})
    dues = {duty["rule"]: duty["due_at"] for duty in world.get(f"/incidents/{case}")["obligations"]}
    assert dues["respond_sev_3"] == "2025-10-28T10:25:00Z"
    accepted = world.get("/playbooks/service-levels")["accepted"]
    assert "coverage-gap:users_percent:10-25" in {one["finding"] for one in accepted}


def test_every_flag_and_variable_of_the_settings_page_is_one() -> None:
    from tocsin.cli.settings import SETTINGS

    page = (DOCS / "reference" / "settings.md").read_text(encoding="utf-8")
    for setting in SETTINGS:
        assert setting.secret or f"`{setting.flag}" in page, setting.name
        assert f"`{setting.variable}`" in page, setting.name


def test_every_command_that_the_pages_mention_exists() -> None:
    from tests.cli.conftest import every_command

    known = {" ".join(path) for path, _ in every_command()}
    context = click.Context(cli)
    groups = {name: cli.get_command(context, name) for name in cli.list_commands(context)}
    known |= {name for name, command in groups.items() if isinstance(command, click.Group) and command.invoke_without_command}
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")]
    for page in pages:
        for mention in re.findall(r"`tocsin ([a-z][^`]*)`", page.read_text(encoding="utf-8")):
            words = [word for word in shlex.split(mention.replace("…", "")) if re.fullmatch(r"[a-z-]+", word)]
            assert any(" ".join(words[:count]) in known for count in (1, 2, 3)), f"{page.name}: tocsin {mention}"


def test_accounts_tokens_and_a_private_incident_are_made_as_the_page_says(world: World) -> None:
    type_walk(DOCS / "how-to" / "people-and-rights.md", Shell(world))
    roles = {one["id"]: (one["role"], one["active"]) for one in world.get("/accounts")["accounts"]}
    assert roles["bo"] == ("manager", False)
    (incident,) = world.send("GET", "/incidents", person="ana").json["incidents"]
    assert incident["private"]
    assert world.send("GET", "/incidents", person="cleo").json["incidents"] == []


def test_the_status_page_is_set_up_as_the_page_says(world: World) -> None:
    type_walk(DOCS / "how-to" / "status-page.md", Shell(world))
    type_walk(DOCS / "how-to" / "work-in-the-browser.md", Shell(world))
    page = world.send("GET", "/status/api/v2/components.json").json
    assert [(one["name"], one["status"]) for one in page["components"] if not one["group"]] == [("Card payments", "operational")]
