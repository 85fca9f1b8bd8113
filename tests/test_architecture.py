"""What a file may import follows from its name. This test reads every file below src/tocsin and names each line that breaks the table.

To extend the table, change the data below: `KINDS` (file name -> kind), `SPECIAL` (single files) and `RULES` (kind -> what it may use).
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatch
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parent.parent / "src" / "tocsin"


def names(text: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(text.split())


# --- the table ----------------------------------------------------------------------------------------------------------------------------


class Kind(Enum):
    """What a file is, as its name tells."""

    PURE = "a pure file"
    PARSER = "a parser"
    SQL = "an SQL file"
    HANDLERS = "a handlers file"
    HTTP = "an api or pages file"
    CLI = "a command-line file"
    IO = "a file that reaches outside"
    ENGINE = "an engine file"
    WEB = "a web-shell file"
    WIRING = "the wiring"


# Below a capability package: a file's stem tells its kind. Every other name is pure.
KINDS: dict[str, Kind] = {
    "load": Kind.PARSER,
    "calendars": Kind.PARSER,
    "expressions": Kind.PARSER,
    "tables": Kind.SQL,
    "store": Kind.SQL,
    "queries": Kind.SQL,
    "handlers": Kind.HANDLERS,
    "kind": Kind.HANDLERS,  # what the committer runs: look-ups by the queries of any package, then the package's own pure functions
    "journal": Kind.HANDLERS,  # the committer's half of what is kept as plain rows
    "api": Kind.HTTP,
    "pages": Kind.HTTP,
    "cli": Kind.CLI,
}

# Single files and patterns, relative to src/tocsin; they win over KINDS. The first that fits counts.
SPECIAL: list[tuple[str, Kind]] = [
    ("app.py", Kind.WIRING),
    ("wiring/**", Kind.WIRING),  # the parts of app.py, each too long to stand in it
    ("__main__.py", Kind.CLI),
    # The engine's values and ports are pure, so that the decisions of every package may use them.
    ("engine/model.py", Kind.PURE),
    ("engine/events.py", Kind.PURE),
    ("engine/commands.py", Kind.PURE),
    ("engine/errors.py", Kind.PURE),
    ("engine/ports.py", Kind.PURE),
    ("engine/kinds.py", Kind.PURE),
    ("engine/journal.py", Kind.PURE),
    ("engine/chain.py", Kind.PURE),
    ("engine/limits.py", Kind.PURE),
    ("engine/**", Kind.ENGINE),
    ("web/**", Kind.WEB),
    ("cli/**", Kind.CLI),
    ("*/cli/*.py", Kind.CLI),  # a command line of several groups is a folder
    ("*/sources/*.py", Kind.PARSER),
    ("channels/*/client.py", Kind.IO),
    ("channels/apprise/child.py", Kind.IO),  # the process that a message of Apprise gets for itself
    ("channels/outgoing.py", Kind.IO),  # what every channel that speaks HTTP sends by
    ("channels/registry.py", Kind.IO),  # builds them all
    ("alerts/drafting/*.py", Kind.HANDLERS),  # the journal's share of a transaction, in several ideas
    ("alerts/door.py", Kind.HANDLERS),  # where requests wait for their commit
    ("alerts/intake.py", Kind.HTTP),  # a plain ASGI application in front of all others
    ("comms/status/publisher.py", Kind.HTTP),  # keeps the public pages rendered in memory
    ("comms/status/front.py", Kind.HTTP),  # answers them, as plain ASGI in front of all others
    ("comms/status/sending.py", Kind.IO),  # the channels that carry updates to subscribers
    ("*/*_queries.py", Kind.SQL),  # a package with several ideas has several files of a kind
    ("*/*/*_queries.py", Kind.SQL),
    ("incidents/privacy.py", Kind.SQL),  # who may read what, as a condition of every query
    ("alerts/certificates.py", Kind.IO),  # fetches what signatures are checked with
    ("oncall/ical.py", Kind.PARSER),  # iCalendar in and out
    ("oncall/asking.py", Kind.HTTP),  # what its endpoints read alike
    ("people/passwords.py", Kind.HANDLERS),  # what a password is checked with: slow on purpose, in threads
    ("*/*_handlers.py", Kind.HANDLERS),
    ("*/*_cli.py", Kind.CLI),
    ("*/*_api.py", Kind.HTTP),
    ("*/*_pages.py", Kind.HTTP),
    ("*/*/*_pages.py", Kind.HTTP),
    ("alerts/mail_door.py", Kind.HTTP),  # a way in like the addresses of the intake, by another protocol
    ("paging/twilio_hooks.py", Kind.HTTP),
    *(
        (f"alerts/dropins/{name}.py", Kind.HTTP) for name in ("addresses", "alertmanager_api", "opsgenie", "pagerduty", "taking")
    ),  # each a tool's API
    ("drills/player.py", Kind.IO),
    ("drills/run.py", Kind.IO),
    ("drills/screen.py", Kind.IO),  # prints
    ("drills/closing.py", Kind.IO),  # prints
    ("paging/library/__init__.py", Kind.IO),  # likewise reads the YAML files that ship with it
    ("playbooks/library/__init__.py", Kind.IO),  # reads the YAML files that ship with it
    ("playbooks/shelf.py", Kind.IO),  # likewise
    ("alerts/routes/shelf.py", Kind.IO),  # likewise
    ("postmortems/render.py", Kind.IO),
    ("postmortems/publish.py", Kind.IO),
]

# More third-party libraries for single files.
ALSO_MAY_IMPORT: dict[str, frozenset[str]] = {
    "alerts/receipts.py": frozenset({"zstandard"}),  # packs bytes into bytes
    "comms/render.py": frozenset({"jinja2", "markupsafe"}),
    "playbooks/template_names.py": frozenset({"jinja2"}),  # reads what a template uses, renders nothing
}

# Files that start the application or play in it. They load `tocsin.app` inside a function, never when they are imported.
STARTERS = frozenset({"cli/serve.py", "cli/demo.py", "cli/doctor.py", "cli/local.py", "drills/player.py", "drills/run.py"})

# Standard library with I/O, a clock, chance or concurrency; pure files and parsers do without. A dotted name covers all below it.
IMPURE_STDLIB = names("""
    asyncio builtins concurrent ctypes fileinput ftplib getpass glob http imaplib importlib io logging mmap multiprocessing os pathlib
    pkgutil poplib queue random runpy sched secrets select selectors shelve shutil signal smtplib socket socketserver sqlite3 ssl
    subprocess tempfile threading time urllib.request webbrowser wsgiref xmlrpc
""")
# Names that are harmless all the same.
PURE_NAMES: dict[str, frozenset[str]] = {"pathlib": frozenset({"PurePath", "PurePosixPath", "PureWindowsPath"})}
# Built-in functions that do I/O or run code, and makers of chance.
IMPURE_CALLS = frozenset({"open", "input", "print", "exec", "eval", "__import__", "breakpoint"})
CHANCE = frozenset({"uuid.uuid1", "uuid.uuid4", "uuid.uuid6", "uuid.uuid7"})

# The one file that may read the clock, and what counts as reading it. monotonic and perf_counter measure; they tell no time.
CLOCK = "engine/clock.py"
CLOCK_READS = frozenset(
    {
        "datetime.datetime.now",
        "datetime.datetime.utcnow",
        "datetime.datetime.today",
        "datetime.date.today",
        "time.time",
        "time.time_ns",
        "time.localtime",
        "time.gmtime",
        "time.ctime",
        "time.strftime",
        "time.clock_gettime",
    }
)

SERVER = names("""
    aiosqlite alembic asyncpg fastapi httptools jinja2 markdown_it prometheus_client psycopg sqlalchemy starlette structlog uvicorn uvloop
""")


@dataclass(frozen=True, slots=True)
class Rule:
    """What one kind of file may import. `own` and `others` are kinds of files in its own package and in other packages."""

    own: frozenset[Kind]
    others: frozenset[Kind]
    third_party: frozenset[str] | None = None  # None: any but `never`
    never: frozenset[str] = frozenset()
    pure: bool = False  # no I/O, clock or chance from the standard library
    stems: frozenset[str] | None = None  # of other packages' files that are not pure: only those with these names; None: all
    says: str = ""


def kinds(*several: Kind) -> frozenset[Kind]:
    """Return the kinds as a set."""
    return frozenset(several)


P, PARSER, ENGINE = Kind.PURE, Kind.PARSER, Kind.ENGINE
RULES: dict[Kind, Rule] = {
    P: Rule(
        own=kinds(P, PARSER),
        others=kinds(P, PARSER),
        stems=names("calendars expressions"),
        third_party=names("msgspec"),
        pure=True,
        says="imports pure files, calendars and expressions, msgspec, and the standard library without I/O, clock or chance",
    ),
    PARSER: Rule(
        own=kinds(P, PARSER),
        others=kinds(P, PARSER),
        third_party=names("cel dateutil icalendar markdown_it msgspec recurring_ical_events yaml"),
        pure=True,
        says="imports pure files, parsers, and parsing libraries without I/O",
    ),
    Kind.SQL: Rule(
        own=kinds(P, PARSER, Kind.SQL, ENGINE),
        others=kinds(P, PARSER, Kind.SQL, ENGINE),
        third_party=names("msgspec sqlalchemy"),
        says="imports pure files, its own package's SQL files, any queries, the engine and SQLAlchemy",
    ),
    Kind.HANDLERS: Rule(
        own=kinds(P, PARSER, Kind.SQL, Kind.HANDLERS, ENGINE),
        others=kinds(P, PARSER, Kind.SQL, ENGINE),
        stems=names("calendars expressions load queries"),
        never=names("click fastapi httpx2 jinja2 rich starlette uvicorn"),
        says="imports pure files, its own store, any queries and the engine",
    ),
    Kind.HTTP: Rule(
        own=kinds(P, PARSER, Kind.SQL, Kind.HANDLERS, Kind.HTTP, Kind.IO, ENGINE, Kind.WEB),
        others=kinds(P, PARSER, Kind.SQL, ENGINE, Kind.WEB),
        never=names("click psycopg rich sqlalchemy sqlite3"),
        says="imports pure files, its own handlers, any queries, the engine and the web shell; no SQL of its own",
    ),
    Kind.CLI: Rule(
        own=kinds(P, PARSER, Kind.CLI, Kind.IO),
        others=kinds(P, PARSER, Kind.CLI),
        never=SERVER,
        says="imports its own package's values and the command-line shell, never the server",
    ),
    Kind.IO: Rule(
        own=kinds(P, PARSER, Kind.SQL, Kind.IO, ENGINE),
        others=kinds(P, PARSER, Kind.SQL, Kind.IO, ENGINE),
        never=names("click starlette uvicorn"),
        says="imports pure files, queries and the engine, never handlers, pages or another package's store",
    ),
    ENGINE: Rule(
        own=kinds(*Kind),
        others=frozenset(),
        never=names("click rich"),
        says="knows no capability: imports nothing of Tocsin outside tocsin.engine",
    ),
    Kind.WEB: Rule(
        own=kinds(*Kind),
        others=kinds(P, PARSER, Kind.SQL, ENGINE),
        never=names("click rich sqlalchemy sqlite3"),
        says="imports pure files, any queries and the engine; no SQL of its own",
    ),
}
# Private to their package, whoever asks: only app.py may reach in.
PRIVATE_STEMS = frozenset({"handlers", "store"})
# api and pages and the web shell read through queries; tables and store of others stay closed.
QUERIES_ONLY = frozenset({Kind.HTTP, Kind.WEB, Kind.IO, Kind.SQL})
# The figures join the read tables of many packages in one statement, for thousands of rows; they read and write nothing of theirs.
JOINS = ("insights/queries.py", "insights/*_queries.py")

# --- reading ------------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Import:
    """One imported thing: `module` as written, `name` what is taken from it (None for `import module`)."""

    line: int
    module: str
    name: str | None
    at_import: bool  # outside every function: it happens when the file is imported

    def __str__(self) -> str:
        return self.module if self.name is None else f"{self.module}.{self.name}"


def kind_of(path: str) -> Kind:
    """Return the kind of a file, from its path relative to src/tocsin."""
    for pattern, kind in SPECIAL:
        if fits(path, pattern):
            return kind
    return KINDS.get(Path(path).stem, Kind.PURE)


def fits(path: str, pattern: str) -> bool:
    """Match part by part: `*` is one part, a `**` at the end is one or more."""
    have, want = path.split("/"), pattern.split("/")
    if want[-1] == "**":
        want = want[:-1]
        if len(have) <= len(want):
            return False
        have = have[: len(want)]
    return len(have) == len(want) and all(Path(h).match(w) for h, w in zip(have, want, strict=True))


def package_of(path: str) -> str:
    """Return the capability that a file belongs to; a file at the top is a package of its own."""
    return path.split("/", maxsplit=1)[0].removesuffix(".py")


def module_of(path: str) -> str:
    """Return the dotted name of a file: `paging/decide.py` -> `tocsin.paging.decide`."""
    parts = path.removesuffix(".py").split("/")
    return ".".join(["tocsin", *(parts[:-1] if parts[-1] == "__init__" else parts)])


def imports(tree: ast.Module, path: str) -> Iterator[Import]:
    """Yield every import of a file, wherever it stands."""
    here = module_of(path).split(".")
    if not path.endswith("__init__.py"):
        here = here[:-1]
    waiting: list[tuple[ast.AST, bool]] = [(tree, True)]
    while waiting:
        node, at_import = waiting.pop()
        match node:
            case ast.Import():
                yield from (Import(node.lineno, alias.name, None, at_import) for alias in node.names)
            case ast.ImportFrom():
                base = here[: len(here) - node.level + 1] if node.level else []
                module = ".".join([*base, *([node.module] if node.module else [])])
                yield from (Import(node.lineno, module, alias.name, at_import) for alias in node.names)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                at_import = False
            case _:
                pass
        waiting += [(child, at_import) for child in ast.iter_child_nodes(node)]


def uses(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) of everything that is read, with the file's import aliases undone."""
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname:
                    known[alias.asname] = alias.name
                else:
                    known[alias.name.split(".")[0]] = alias.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            known |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    for node in ast.walk(tree):
        parts: list[str] = []
        inner: ast.AST = node
        while isinstance(inner, ast.Attribute):
            parts.append(inner.attr)
            inner = inner.value
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load) and inner.id in known:
            yield inner.lineno, ".".join([known[inner.id], *reversed(parts)])


# --- judging ------------------------------------------------------------------------------------------------------------------------------


def breaches(source: Path) -> list[str]:
    """Return one line for each breach of the table below source: file, line, what is imported, and the rule."""
    files = sorted(path.relative_to(source).as_posix() for path in source.rglob("*.py"))
    trees = {path: ast.parse((source / path).read_text(encoding="utf-8"), filename=path) for path in files}
    by_module = {module_of(path): path for path in files}
    found: list[str] = []
    for path, tree in trees.items():
        found += [f"{path}:{line}: {what}" for line, what in sorted(set(judge(path, tree, by_module)))]
    return found + cycles(trees, by_module)


def judge(path: str, tree: ast.Module, by_module: dict[str, str]) -> Iterator[tuple[int, str]]:
    """Yield (line, sentence) for each breach in one file."""
    kind = kind_of(path)
    rule = RULES.get(kind)
    if path != CLOCK:
        for line, name in uses(tree):
            if name in CLOCK_READS:
                yield line, f"reads the clock with {name}: only {CLOCK} may; take `now` as a parameter"
    if rule is None:  # the wiring may import all
        return
    if rule.pure:
        yield from impure(tree, kind)
    for item in imports(tree, path):
        top = item.module.split(".")[0]
        reason: str | None = None
        if top == "tocsin":
            reason = refusal(path, kind, rule, item, by_module)
        elif is_refused(path, rule, top, at_import=item.at_import) or (rule.pure and is_impure(item)):
            reason = rule.says
        if reason:
            yield item.line, f"imports {item}: {kind.value} {reason}"


def is_refused(path: str, rule: Rule, top: str, *, at_import: bool = True) -> bool:
    """May a file not import this library at all?"""
    if path in STARTERS and not at_import:
        return False
    if top in rule.never:
        return True
    if rule.third_party is None or top in sys.stdlib_module_names:
        return False
    return top not in rule.third_party | ALSO_MAY_IMPORT.get(path, frozenset())


def is_impure(item: Import) -> bool:
    """Does this import bring in I/O, a clock or chance?"""
    whole = str(item)
    for name in IMPURE_STDLIB:
        if whole == name or whole.startswith(f"{name}."):
            return item.name not in PURE_NAMES.get(name, frozenset())
    return False


def impure(tree: ast.Module, kind: Kind) -> Iterator[tuple[int, str]]:
    """Yield the calls that a pure file must not make though it may import their module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in IMPURE_CALLS:
            yield node.lineno, f"calls {node.func.id}(): {kind.value} does no I/O and runs no text as code"
    for line, name in uses(tree):
        if name in CHANCE:
            yield line, f"uses {name}: {kind.value} makes no ids; take a fresh one as a parameter"


def target_of(item: Import, by_module: dict[str, str]) -> str | None:
    """Return the path of the file that an import of Tocsin's own leads to; None if it is not there."""
    return by_module.get(str(item)) or by_module.get(item.module)


def expected(item: Import) -> str:
    """Return the path that an imported file would have if it were there."""
    parts = item.module.split(".")[1:]
    if len(parts) < 2 and parts != ["app"] and item.name:
        parts.append(item.name)
    return "/".join(parts) + ".py"


def refusal(path: str, kind: Kind, rule: Rule, item: Import, by_module: dict[str, str]) -> str | None:
    """Return why a file may not import this of Tocsin's own; None if it may."""
    if path in STARTERS and not item.at_import:
        return None  # what starts the application may load any part of it, when it starts it
    if item.module == "tocsin" and target_of(item, by_module) in {None, "__init__.py"}:
        return None  # `from tocsin import __version__`
    # A file that is not there is judged by the name that it would have.
    target = target_of(item, by_module) or expected(item)
    target_kind, stem = kind_of(target), Path(target).stem
    if target_kind is Kind.WIRING:
        if path not in STARTERS:
            return "does not import the wiring (tocsin.app); only " + ", ".join(sorted(STARTERS)) + " may"
        return "loads tocsin.app inside the function that needs it, so that importing the file stays cheap" if item.at_import else None
    if package_of(target) == package_of(path):
        return None if target_kind in rule.own else rule.says
    if stem in PRIVATE_STEMS and target_kind in {Kind.HANDLERS, Kind.SQL}:
        return f"does not import another package's {stem}; ask its queries, or let a reaction in app.py carry the fact"
    if target_kind not in rule.others:
        return rule.says
    joined = stem == "tables" and any(fnmatch(path, pattern) for pattern in JOINS)
    if kind in QUERIES_ONLY and target_kind is Kind.SQL and not is_queries(stem) and not joined:
        return rule.says
    if kind is Kind.CLI and target_kind is Kind.CLI and not target.startswith("cli/") and not path.startswith("cli/"):
        return "does not import another package's command line"
    if rule.stems is not None and target_kind in {PARSER, Kind.SQL} and stem not in rule.stems and not is_queries(stem):
        return rule.says
    return None


def is_queries(stem: str) -> bool:
    """Is this file one that others may read a package by? ``privacy`` is the condition that every such reading has."""
    return stem in {"queries", "privacy"} or stem.endswith("_queries")


def cycles(trees: dict[str, ast.Module], by_module: dict[str, str]) -> list[str]:
    """Return one line for each ring of pure files that import one another."""
    after: dict[str, list[tuple[str, int]]] = {}
    for path, tree in trees.items():
        if kind_of(path) in {Kind.PURE, Kind.PARSER}:
            found = ((target_of(item, by_module), item.line) for item in imports(tree, path) if item.module.split(".")[0] == "tocsin")
            after[path] = sorted({(target, line) for target, line in found if target and target != path})
    done: set[str] = set()
    rings: list[str] = []

    def walk(path: str, trail: list[str]) -> None:
        for target, line in after.get(path, []):
            if target in trail:
                ring = [*trail[trail.index(target) :], target]
                rings.append(f"{path}:{line}: imports {module_of(target)}: pure files import one another in a ring, {' -> '.join(ring)}")
            elif target not in done:
                walk(target, [*trail, target])
        done.add(path)

    for path in after:
        if path not in done:
            walk(path, [path])
    return rings


# --- the test, and its own tests ----------------------------------------------------------------------------------------------------------


def test_every_file_imports_only_what_its_name_allows() -> None:
    assert "\n".join(breaches(SOURCE)) == ""


Tree = dict[str, str]


def judge_tree(root: Path, tree: Tree) -> list[str]:
    for path, text in tree.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return breaches(root)


@pytest.mark.parametrize(
    ("path", "line", "says"),
    [
        # pure files
        ("paging/decide.py", "import sqlalchemy", "imports sqlalchemy: a pure file imports pure files"),
        ("paging/model.py", "from starlette.requests import Request", "imports starlette.requests.Request: a pure file"),
        ("paging/model.py", "import yaml", "imports yaml: a pure file"),
        ("paging/events.py", "import asyncio", "imports asyncio: a pure file"),
        ("paging/reactions.py", "from os import environ", "imports os.environ: a pure file"),
        ("paging/decide.py", "from pathlib import Path", "imports pathlib.Path: a pure file"),
        ("paging/decide.py", "import urllib.request", "imports urllib.request: a pure file"),
        ("paging/decide.py", "from urllib import request", "imports urllib.request: a pure file"),
        ("paging/decide.py", "def f():\n    import random", "imports random: a pure file"),
        ("paging/__init__.py", "from .store import save", "imports tocsin.paging.store.save: a pure file"),
        ("paging/decide.py", "from . import store", "imports tocsin.paging.store: a pure file"),
        ("paging/decide.py", "from tocsin.web import layout", "imports tocsin.web.layout: a pure file"),
        ("paging/decide.py", "import tocsin.cli.output", "imports tocsin.cli.output: a pure file"),
        ("paging/decide.py", "from tocsin.engine.committer import Committer", "imports tocsin.engine.committer.Committer: a pure file"),
        ("paging/decide.py", "from tocsin.app import build", "does not import the wiring"),
        ("paging/pages.py", "from tocsin.wiring.site import routes_of", "does not import the wiring"),
        ("paging/decide.py", "from tocsin.alerts.sources.grafana import parse", "imports tocsin.alerts.sources.grafana.parse: a pure file"),
        ("paging/decide.py", "open('x')", "calls open(): a pure file does no I/O"),
        ("paging/decide.py", "import uuid\nuuid.uuid4()", "uses uuid.uuid4: a pure file makes no ids"),
        ("engine/model.py", "import sqlite3", "imports sqlite3: a pure file"),
        ("ids.py", "import secrets", "imports secrets: a pure file"),
        # the clock
        ("paging/decide.py", "from datetime import datetime\ndatetime.now()", "reads the clock with datetime.datetime.now"),
        ("paging/handlers.py", "import datetime as dt\ndt.datetime.utcnow()", "reads the clock with datetime.datetime.utcnow"),
        ("engine/timers.py", "import time\ntime.time()", "reads the clock with time.time"),
        ("engine/timers.py", "from time import time as t\nx = t", "reads the clock with time.time"),
        ("app.py", "from datetime import date as d\nd.today()", "reads the clock with datetime.date.today"),
        # parsers
        ("alerts/sources/grafana.py", "import httpx2", "imports httpx2: a parser"),
        ("playbooks/load.py", "from pathlib import Path", "imports pathlib.Path: a parser"),
        # SQL
        ("paging/store.py", "from tocsin.alerts.store import save", "does not import another package's store"),
        ("paging/queries.py", "from tocsin.paging.handlers import ack", "imports tocsin.paging.handlers.ack: an SQL file"),
        ("paging/tables.py", "import starlette", "imports starlette: an SQL file"),
        # handlers, pages
        ("paging/handlers.py", "from tocsin.incidents.handlers import declare", "does not import another package's handlers"),
        (
            "paging/handlers.py",
            "from tocsin.incidents.tables import incidents",
            "imports tocsin.incidents.tables.incidents: a handlers file",
        ),
        ("paging/handlers.py", "import httpx2", "imports httpx2: a handlers file"),
        ("paging/api.py", "import sqlalchemy", "no SQL of its own"),
        ("paging/pages.py", "from tocsin.incidents import handlers", "does not import another package's handlers"),
        ("paging/pages.py", "from tocsin.incidents.store import save", "does not import another package's store"),
        # command line
        ("paging/cli.py", "from tocsin.paging.handlers import ack", "imports tocsin.paging.handlers.ack: a command-line file"),
        ("paging/cli.py", "from tocsin.engine import committer", "imports tocsin.engine.committer: a command-line file"),
        ("paging/cli.py", "def f():\n    import sqlalchemy.orm", "never the server"),
        ("paging/cli.py", "from tocsin.alerts.cli import group", "does not import another package's command line"),
        ("cli/main.py", "def f():\n    import tocsin.app", "does not import the wiring"),
        ("cli/serve.py", "from tocsin.app import build", "inside the function that needs it"),
        # engine, web, outside
        ("engine/committer.py", "from tocsin.paging.model import Page", "an engine file knows no capability"),
        ("engine/committer.py", "def f():\n    from tocsin import web", "an engine file knows no capability"),
        ("web/layout.py", "from tocsin.people.handlers import sign_in", "does not import another package's handlers"),
        ("channels/ntfy/client.py", "from tocsin.paging.store import save", "does not import another package's store"),
        ("channels/ntfy/message.py", "import httpx2", "imports httpx2: a pure file"),
    ],
)
def test_a_breach_is_named_with_its_file_its_import_and_the_rule(tmp_path: Path, path: str, line: str, says: str) -> None:
    found = judge_tree(tmp_path, {"web/__init__.py": "", "web/layout.py": "", "paging/store.py": "", path: line})
    assert len(found) == 1
    assert found[0].startswith(f"{path}:{line.count(chr(10)) + 1}: ")
    assert says in found[0]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("paging/decide.py", "import msgspec, datetime, zoneinfo\nfrom tocsin.incidents.model import Incident\nfrom .model import Page"),
        ("paging/decide.py", "from pathlib import PurePosixPath\nfrom urllib.parse import quote\nfrom uuid import UUID"),
        ("paging/decide.py", "from tocsin.playbooks.expressions import Expression\nfrom tocsin.engine.model import Actor"),
        ("paging/decide.py", "from tocsin import __version__\ndef f(clock, now):\n    return clock.now(), now.time()"),
        ("playbooks/load.py", "import yaml, msgspec\nfrom tocsin.playbooks.lint import lint"),
        ("playbooks/expressions.py", "import cel"),
        ("oncall/calendars.py", "import icalendar"),
        ("paging/store.py", "import sqlalchemy as sa\nfrom .tables import pages\nfrom tocsin.engine.database import metadata"),
        (
            "paging/handlers.py",
            "from .store import save\nfrom tocsin.oncall.queries import who\nfrom tocsin.engine.committer import Committer",
        ),
        (
            "paging/pages.py",
            "from . import handlers\nfrom tocsin.incidents import queries\nfrom tocsin.web.layout import page\nimport starlette",
        ),
        ("paging/cli.py", "import click, rich\nfrom .model import Page\nfrom tocsin.cli.client import Client"),
        ("cli/serve.py", "def serve():\n    from tocsin.app import build"),
        ("drills/run.py", "import asyncio\ndef run():\n    from tocsin.app import build"),
        ("engine/clock.py", "import time\nfrom datetime import UTC, datetime\nnow = lambda: (datetime.now(UTC), time.time())"),
        ("engine/timers.py", "import asyncio, time, sqlalchemy\ntime.monotonic()\nfrom . import clock"),
        ("channels/ntfy/client.py", "import asyncio, httpx2"),
        ("comms/render.py", "import jinja2"),
        ("app.py", "from tocsin.paging import handlers, store, api\nimport os, uvicorn"),
        ("wiring/site.py", "from tocsin.paging import handlers, store, api\nfrom tocsin.wiring.options import Options\nimport os"),
    ],
)
def test_what_the_table_allows_passes(tmp_path: Path, path: str, text: str) -> None:
    assert judge_tree(tmp_path, {path: text}) == []


def test_pure_files_that_import_one_another_in_a_ring_are_named(tmp_path: Path) -> None:
    found = judge_tree(
        tmp_path,
        {
            "paging/model.py": "from tocsin.incidents.model import Incident",
            "incidents/model.py": "from tocsin.oncall import rotation",
            "oncall/rotation.py": "from tocsin.paging.model import Page",
        },
    )
    assert len(found) == 1
    assert "in a ring" in found[0]
    assert "paging/model.py" in found[0]
