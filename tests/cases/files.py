"""Find the cases: those of the folder that TOCSIN_CASES names, and our own small ones. Nothing here knows a single case."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
OWN = HERE / "own"


def folder() -> Path:
    """Return the folder of cases; a relative path counts from the root of the repository."""
    return (ROOT / os.environ.get("TOCSIN_CASES", "../shared/cases")).resolve()


def deviations() -> dict[tuple[str, str], str]:
    """Return (case, check) to the reason for which the product decides otherwise."""
    found = tomllib.loads((HERE / "deviations.toml").read_text(encoding="utf-8"))
    return {(one["case"], one["check"]): one["reason"] for one in found.get("deviation", [])}


def of_kind(kind: str) -> list[Any]:
    """Return a parameter for each case of a kind: its document, under its id. An absent folder is skipped with the reason."""
    given = folder()
    parameters = []
    if not (given / "index.json").is_file():
        reason = f"no cases in {given}: set TOCSIN_CASES"
        parameters.append(pytest.param(None, id="the-given-cases", marks=pytest.mark.skip(reason=reason)))
    for place in (given, OWN):
        index = place / "index.json"
        entries = json.loads(index.read_text(encoding="utf-8")) if index.is_file() else []
        chosen = [entry for entry in entries if entry["kind"] == kind]
        parameters += [pytest.param(json.loads((place / entry["file"]).read_text(encoding="utf-8")), id=entry["id"]) for entry in chosen]
    return parameters


def skip_deviation(case: dict[str, Any], check: str) -> None:
    """Skip a check of a case that is listed as a deviation, with its reason."""
    reason = deviations().get((case["id"], check))
    if reason is not None:
        pytest.skip(reason)
