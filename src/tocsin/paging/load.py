"""Read escalation policies from YAML: one or several in a file, each wrong key with its place. Parsed here, decided by the server."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from tocsin.engine.errors import Refused
from tocsin.paging.commands import SavePolicy
from tocsin.playbooks.errors import PlaybookRefused
from tocsin.playbooks.load import read_yaml

_EXAMPLE: Final = "Begin with `policy: payments` and `steps:`."


def read(text: str, file: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the policies of a file: id and body of the command that writes it down.

    Raises:
        Refused: the text is not YAML, or a policy in it is not of the schema; it names the file, line and key.

    """
    try:
        source = read_yaml(text, file)
    except PlaybookRefused as refusal:
        first = refusal.problems[0]
        raise Refused(f"{file}:{first.line}:{first.column}: {first.what}.", fix=first.remedy) from refusal
    data = source.data
    several = data.get("policies") if isinstance(data, dict) and "policies" in data else [data]
    if not isinstance(several, list) or not several:
        raise Refused(f"{file}: `policies` is a list of policies.", fix=_EXAMPLE)
    found = []
    for index, one in enumerate(several):
        place: tuple[str | int, ...] = ("policies", index) if several is not data and isinstance(data, dict) and "policies" in data else ()
        line, column = source.positions.get(place, (1, 1))
        if not isinstance(one, dict) or not isinstance(one.get("policy"), str):
            raise Refused(f"{file}:{line}:{column}: a policy is a mapping with the key `policy`, its id.", fix=_EXAMPLE)
        body = {name: value for name, value in one.items() if name != "policy"}
        try:
            msgspec.convert(body, SavePolicy)
        except msgspec.ValidationError as error:
            raise Refused(
                f"{file}:{line}:{column}: in the policy {one['policy']}: {error}.", fix="`tocsin policy show` prints one as a model."
            ) from error
        found.append((one["policy"], body))
    return found
