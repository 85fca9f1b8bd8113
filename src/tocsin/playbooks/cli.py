"""``tocsin playbook`` and ``tocsin severity``: the procedures, what is wrong with them, and which level an incident has."""

from __future__ import annotations

from typing import Any

import click

from tocsin.cli import output
from tocsin.cli.shell import EXIT_FOUND, Session, assignments, group, on_input_terminal, pass_session, read_file

playbook = group("playbook", "The procedures that incidents run under.")
severity = group("severity", "How bad is it.")


def _is_file(name: str) -> bool:
    return name == "-" or name.endswith((".yaml", ".yml")) or "/" in name


def _text_of(path: str) -> dict[str, Any]:
    return {"text": read_file(path).decode("utf-8", "replace"), "file": "standard input" if path == "-" else path}


def _found(count: int) -> None:
    if count:
        click.get_current_context().exit(EXIT_FOUND)


@playbook.command("list")
@pass_session
def list_(session: Session) -> None:
    """List the playbooks in force."""
    answer = session.api.get("/playbooks")
    rows = [(one["id"], one["version"], one["title"]) for one in answer["playbooks"]]
    session.show(answer, lambda: output.table(("ID", "Version", "Title"), rows))


@playbook.command("show")
@click.argument("playbook_id", metavar="ID")
@click.option("--text", "as_text", is_flag=True, help="Print its YAML as it was published.")
@pass_session
def show(session: Session, playbook_id: str, as_text: bool) -> None:
    """Show a playbook: its levels, roles, stages, duties and messages."""
    found = session.api.get(f"/playbooks/{playbook_id}")
    session.show(found, lambda: output.say(found["text"].rstrip()) if as_text else _show(found))


def _show(found: dict[str, Any]) -> None:
    book = found
    output.say(f"{output.strong(book['playbook'])} v{book['version']}  {book['title']}")
    output.say(book.get("summary", ""))
    parts: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
        ("severities", "Levels", (("Level", "id"), ("Name", "name"), ("Rank", "rank"), ("Definition", "definition"))),
        ("roles", "Roles", (("Role", "id"), ("Name", "name"), ("Does", "does"))),
        ("entry_types", "Entries", (("Type", "id"), ("Says", "says"))),
        ("obligations", "Duties", (("Duty", "id"), ("Name", "name"), ("Within", "within"), ("Owner", "owner"), ("If", "if"))),
        ("messages", "Messages", (("Message", "id"), ("Name", "name"), ("To", "audiences"))),
        ("mitigations", "Mitigations", (("Kind", "id"), ("Name", "name"))),
        ("figures", "Figures", (("Figure", "id"), ("Name", "name"), ("Unit", "unit"))),
    )  # fmt: skip
    stages = book.get("lifecycle", {}).get("stages", [])
    output.heading("Stages")
    output.table(("Stage", "Name", "Public"), [(s["id"], s["name"], s.get("public")) for s in stages])
    for key, title, columns in parts:
        if book.get(key):
            output.heading(title)
            output.table([name for name, _ in columns], [[_cell(one.get(field)) for _, field in columns] for one in book[key]])


def _cell(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)


def _problems(found: list[dict[str, Any]]) -> None:
    for one in found:
        output.say(
            f"{one['file']}:{one['line']}:{one['column']}: {output.tone(one.get('id') or 'problem', 'bad')}: {one['what']}. {one['remedy']}"
        )
        if one.get("accepted"):
            output.say(output.faint(f"    accepted: {one['accepted']['because']} In force: {one['accepted']['in_force']}"))


@playbook.command("check")
@click.argument("file", metavar="FILE")
@pass_session
def check(session: Session, file: str) -> None:
    """Check a playbook in a FILE without publishing it; exit code 4 where it cannot be used."""
    answer = session.api.post("/playbooks/check", _text_of(file))
    problems = answer["problems"]

    def people() -> None:
        _problems(problems)
        if not problems:
            output.say(f"{file}: it can be published.")

    session.show(answer, people)
    _found(len(problems))


@playbook.command("lint")
@click.argument("name", metavar="ID|FILE")
@click.option("--all", "every", is_flag=True, help="Also print what the playbook accepts.")
@pass_session
def lint(session: Session, name: str, every: bool) -> None:
    """Find where a playbook contradicts itself; exit code 4 where something is not accepted."""
    answer = session.api.post("/playbooks/check", _text_of(name)) if _is_file(name) else session.api.get(f"/playbooks/{name}/lint")
    problems = answer.get("problems", [])
    findings = answer.get("findings", [])
    fresh = [one for one in findings if not one.get("accepted")]

    def people() -> None:
        _problems(problems)
        _problems(findings if every else fresh)
        if not problems and not fresh:
            output.say(f"{name}: nothing found{_accepted(len(findings))}.")
        elif len(findings) > len(fresh) and not every:
            output.note(f"{len(findings) - len(fresh)} findings are accepted; --all prints them.")

    session.show(answer, people)
    _found(len(problems) + len(fresh))


def _accepted(count: int) -> str:
    return f" that is not accepted ({count} accepted; --all prints them)" if count else ""


@playbook.command("test")
@click.argument("name", metavar="ID|FILE")
@click.option("--tests", metavar="FILE", help="The tests of a playbook in a FILE; beside it (….tests.yaml) without this.")
@pass_session
def test(session: Session, name: str, tests: str | None) -> None:
    """Run a playbook's own tests; exit code 4 where one fails."""
    if _is_file(name):
        beside = tests or (name.rpartition(".")[0] + ".tests.yaml")
        body = {**_text_of(name), "tests": _text_of(beside)["text"], "tests_file": beside}
        answer = session.api.post("/playbooks/check", body)
    else:
        answer = session.api.get(f"/playbooks/{name}/test")
    results = answer["results"]
    problems = answer.get("problems", [])
    failed = [one for one in results if one["outcome"] == "failed"]

    def people() -> None:
        _problems(problems)
        for one in failed:
            output.say(f"{one['file']}:{one['line']}: {one['kind']}: {one['name']}: {output.state('failed')}: {one['why']}")
        passed = sum(one["outcome"] == "passed" for one in results)
        skipped = len(results) - passed - len(failed)
        output.say(f"{name}: {passed} passed, {len(failed)} failed{f', {skipped} skipped' if skipped else ''}.")

    session.show(answer, people)
    _found(len(failed) + len(problems))


@playbook.command("diff")
@click.argument("before", metavar="ID|FILE")
@click.argument("after", metavar="ID|FILE")
@pass_session
def diff(session: Session, before: str, after: str) -> None:
    """Compare two playbooks, or a FILE with one in force; each change says whether it asks more of people or less."""
    if _is_file(before):
        raise click.UsageError("The first is the id of a playbook in force; the second may be a file.")
    if _is_file(after):
        answer = session.api.post(f"/playbooks/{before}/diff", _text_of(after))
    else:
        answer = session.api.get(f"/playbooks/{before}/diff/{after}")
    found = answer["differences"]

    def people() -> None:
        for one in found:
            output.say(output.tone(one["says"], "warn" if one["weight"] == "looser" else ""))
        if not found:
            output.say(f"{before} and {after} ask the same.")

    session.show(answer, people)


@playbook.command("publish")
@click.argument("file", metavar="FILE")
@click.option("--note", default="", help="Why it is published; it stands beside the version.")
@pass_session
def publish(session: Session, file: str, note: str) -> None:
    """Put the playbook in a FILE in force. Open incidents stay under the version that they were declared under."""
    answer = session.api.post("/playbooks", {**_text_of(file), "note": note})

    def people() -> None:
        _problems(answer.get("warnings", []))
        output.say(f"{answer['playbook']} v{answer['version']}: {'in force' if answer['changed'] else 'nothing changed'}.")

    session.show(answer, people)


@playbook.command("restore")
@click.argument("playbook_id", metavar="ID")
@click.argument("version", type=int)
@click.option("--note", default="", help="Why; it stands beside the new version.")
@pass_session
def restore(session: Session, playbook_id: str, version: int, note: str) -> None:
    """Put an earlier VERSION in force again, under the next number."""
    answer = session.api.post(f"/playbooks/{playbook_id}/restore", {"version": version, "note": note})
    session.done(answer, f"{answer['playbook']} v{answer['version']}: in force, with the text of version {version}.")


@playbook.command("versions")
@click.argument("playbook_id", metavar="ID")
@pass_session
def versions(session: Session, playbook_id: str) -> None:
    """List the versions of a playbook."""
    answer = session.api.get(f"/playbooks/{playbook_id}/versions")
    found = answer.get("versions", answer)

    def people() -> None:
        now = session.now()
        output.table(
            ("Version", "Published", "By", "Digest", "Note"),
            [(one["version"], output.when(one["at"], now), one["by"], one["digest"][:12], one["note"]) for one in found],
        )

    session.show(answer, people)


@playbook.command("crosswalk")
@pass_session
def crosswalk(session: Session) -> None:
    """Show which level of each playbook is which of the others: the same word may mean another thing."""
    answer = session.api.get("/crosswalk")
    session.show(answer, lambda: _crosswalk(answer))


def _crosswalk(answer: dict[str, Any]) -> None:
    rows = answer["rows"]
    books = list(dict.fromkeys(row["playbook"] for row in rows))
    shown = []
    for row in rows:
        labels = row["labels"]
        shown.append([row["rank"], row["playbook"], row["severity"], *(_label(labels.get(book)) for book in books)])
    output.table(["Rank", "Playbook", "Level", *books], shown)
    output.note("≈ stands before the nearest level where a playbook has none of this rank.")


def _label(match: Any) -> str:
    if isinstance(match, dict):
        return str(match["severity"]) if match["exact"] else f"≈ {match['severity']}"
    return str(match or "")


@severity.command("classify")
@click.option("--playbook", "playbook_id", metavar="ID", help="The playbook whose questions are asked; the open incident's without one.")
@click.option(
    "--answer", "answers", multiple=True, metavar="QUESTION=VALUE", help="An answer: yes, no, unknown, a number or a text; may be repeated."
)
@pass_session
def classify(session: Session, playbook_id: str | None, answers: tuple[str, ...]) -> None:
    """Find the severity by the playbook's questions; on a terminal they are asked."""
    name = playbook_id or _usual_playbook(session)
    given: dict[str, Any] = dict(assignments(answers, "--answer"))
    questions = session.api.get(f"/playbooks/{name}/questions")["questions"]
    if not given and on_input_terminal() and not session.as_json:
        given = _ask(questions)
    answer = session.api.post(f"/playbooks/{name}/classify", {"answers": given})
    session.show({"playbook": name, **answer}, lambda: _show_level(name, answer, questions))


def _usual_playbook(session: Session) -> str:
    found = session.api.get("/incidents", state="open", limit=2)["incidents"]
    if len(found) == 1:
        output.note(f"The playbook of {found[0]['id']}, {found[0]['playbook']}, is taken.")
        return str(found[0]["playbook"])
    books = ", ".join(one["id"] for one in session.api.get("/playbooks")["playbooks"])
    raise click.UsageError(f"Name the playbook with --playbook. There are: {books}.")


def _ask(questions: list[dict[str, Any]]) -> dict[str, Any]:
    output.note("Answer what you know; an empty answer stands for unknown.")
    given = {}
    for question in questions:
        if question.get("help"):
            output.note(output.faint(question["help"]))
        kinds = {"yes_no": "yes/no", "percent": "%", "number": question.get("unit") or "number"}
        choices = "/".join(question.get("choices") or ()) or kinds.get(question["kind"], "")
        value = click.prompt(f"{question['ask']}{f' [{choices}]' if choices else ''}", default="", show_default=False, err=True)
        if value.strip():
            given[question["id"]] = value.strip()
    return given


def _show_level(name: str, answer: dict[str, Any], questions: list[dict[str, Any]]) -> None:
    asks = {question["id"]: question["ask"] for question in questions}
    output.say(f"{output.strong(answer['severity'])} in {name} (rank {answer['rank']})")
    doubt = answer.get("unsure_rule", "") if answer.get("unsure") else ""
    for because in answer.get("because", []):
        if because != doubt:
            output.say(f"  because {because}")
    for gap in answer.get("gaps", []):
        output.say(f"{asks.get(gap['question'], gap['question'])} {gap['answer']:g} falls into a gap: no rule covers {gap['between']}.")
    if doubt:
        output.say(output.tone(f"In doubt: {doubt}", "warn"))
    if answer.get("missing"):
        output.heading("Not known yet, and could still decide it")
        for one in answer["missing"]:
            output.say(f"  {one}: {asks.get(one, '')}")
    if answer.get("changes"):
        output.heading("What would change it")
        output.table(
            ("If", "were", "then", ""),
            [
                (one["question"], one["answer"], one["severity"], output.tone("worse", "warn") if one["worse"] else "less bad")
                for one in answer["changes"]
            ],
        )
    if answer.get("crosswalk"):
        output.heading("In the other playbooks")
        output.table(("Playbook", "Level"), list(answer["crosswalk"].items()))
