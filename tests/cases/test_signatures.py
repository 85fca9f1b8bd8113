"""Signed requests: what the sender signed passes, and nothing else does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cases.files import of_kind
from tocsin.alerts import signatures

Case = dict[str, Any]


def vectors() -> list[Any]:
    found = []
    for parameter in of_kind("signatures"):
        document: Any = parameter.values[0]
        if document is None:
            found.append(parameter)
            continue
        found += [
            pytest.param(one, id=f"{parameter.id}-{number}-{one['scheme']}-{one.get('why', 'valid' if one['valid'] else 'invalid')}")
            for number, one in enumerate(document["cases"])
        ]
    return found


@pytest.mark.parametrize("case", vectors())
def test_a_request_is_believed_exactly_when_it_is_signed_so(case: Case) -> None:
    headers = {name.lower(): value for name, value in case["headers"].items()}
    check = signatures.SCHEMES.get(case["scheme"])
    if check is None:
        pytest.skip(f"nothing here is signed by {case['scheme']}")
    assert check(case["secret"], headers, case["body"].encode(), float(case.get("now", 0))) is case["valid"]
