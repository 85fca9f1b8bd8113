"""What a person at a terminal sees, and what a script sees instead."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Shell


def at_a_terminal(*words: str, **environment: str) -> str:
    """Run a command whose output is a terminal of 100 columns, and return what appeared on it."""
    ours, theirs = pty.openpty()
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_") and name not in ("NO_COLOR", "FORCE_COLOR")
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tocsin", *words],
        stdout=theirs,
        stdin=theirs,
        env={**clean, "TERM": "xterm-256color", "COLUMNS": "100", **environment},
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            block = os.read(ours, 65536)
        except OSError:  # the other side is closed
            break
        if not block:
            break
        seen += block
    os.close(ours)
    assert process.wait(timeout=30) == 0
    return seen.decode()


@pytest.fixture
def data(tmp_path: Path) -> str:
    """A data directory with one open incident."""
    folder = str(tmp_path / "data")
    words = [
        "--data",
        folder,
        "incident",
        "declare",
        "--title",
        "A title that is long enough to be wrapped in a narrow column of the table " * 2,
    ]
    subprocess.run([sys.executable, "-m", "tocsin", *words], check=True, capture_output=True)
    return folder


def test_a_terminal_gets_colours_and_wrapped_cells_and_no_color_takes_the_colours_away(data: str) -> None:
    coloured = at_a_terminal("--data", data, "incident", "list")
    assert "\x1b[1m" in coloured
    assert max(len(line) for line in at_a_terminal("--data", data, "incident", "list", NO_COLOR="1").splitlines()) <= 100
    assert "\x1b[" not in at_a_terminal("--data", data, "incident", "list", NO_COLOR="1")


def test_a_pipe_gets_one_line_per_row_and_no_escape(tocsin: Shell) -> None:
    long = "A title that is long enough to be wrapped " * 5
    tocsin(f"incident declare --title '{long.strip()}'")
    lines = tocsin("incident list").out.splitlines()
    assert len(lines) == 2
    assert lines[1].endswith(long.strip())
    assert "\x1b" not in lines[1]
