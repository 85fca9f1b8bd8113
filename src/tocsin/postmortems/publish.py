"""Where finished documents go: read from the store when they are sent, and what the environment says about places."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

from tocsin.engine.model import Reader
from tocsin.engine.ports import ChannelFailed, Renderer
from tocsin.postmortems.queries import blob

KIND: Final = "postmortem.document"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The time of every file in an archive: the earliest that the format knows, so that the same content gives the same bytes."""


def rendering(reading: Callable[[], AbstractContextManager[Reader]], otherwise: Renderer) -> Renderer:
    """Return a renderer that takes published documents from where they are kept, and leaves everything else to another one."""

    def render(kind: str, target: str, values: dict[str, Any]) -> tuple[str, str]:
        if kind != KIND:
            return otherwise(kind, target, values)
        with reading() as reader:
            content = blob(reader, values["digest"])
        if content is None:
            raise ChannelFailed(f"the document {values['digest']} is not kept any more", permanent=True)
        text = content.decode()
        return text.partition("\n")[0].removeprefix("# ").strip(), text

    return render


def places(text: str) -> dict[str, str]:
    """Read ``TOCSIN_PUBLISH_TO``: ``target=place`` separated by whitespace or line ends; a place is a folder, a repository or an address.

    Raises:
        ValueError: an entry has no ``=``; the message names it.

    """
    found: dict[str, str] = {}
    for entry in text.split():
        target, equals, place = entry.partition("=")
        if not equals or not target or not place:
            raise ValueError(f"TOCSIN_PUBLISH_TO: {entry!r} is not target=place")
        found[target] = place
    return found


def archive(files: Sequence[tuple[str, bytes]]) -> bytes:
    """Return a zip of the files, in the given order; the same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in files:
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            target.writestr(entry, content)
    return buffer.getvalue()


def secret_of(setting: Callable[[str], str | None], keep: Callable[[str, str], None], make: Callable[[], str]) -> Callable[[], bytes]:
    """Return a function that gives the installation's webhook secret; it is made at its first use and kept in the database."""

    def secret() -> bytes:
        known = setting(SECRET)
        if known is None:
            keep(SECRET, make())
            known = setting(SECRET) or ""  # another may have been quicker; what is kept counts
        return known.encode()

    return secret


SECRET: Final = "webhook_secret"  # noqa: S105 (the name of a setting)
Places = Mapping[str, str]
