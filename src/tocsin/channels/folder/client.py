"""The folder channel: a document as a file, written whole or not at all. The same document again overwrites itself."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from tocsin.channels.abilities import ABILITIES
from tocsin.channels.standing import Standing
from tocsin.engine.ports import ChannelFailed, Message


class Folder:
    """Writes ``<place>/<file>``. A place is below ``base``, unless the administrator named another folder for the target."""

    name = "publish_folder"
    abilities = ABILITIES["publish_folder"]

    def __init__(self, base: Path, places: Mapping[str, str]) -> None:
        self._base = base
        self._places = places

    def standing(self) -> Standing:
        """It needs no settings."""
        return Standing(ready=True, says=f"Documents become files below {self._base}.")

    def send(self, message: Message) -> str:
        """Write the document and return its path.

        Raises:
            ChannelFailed: the place is not allowed, or cannot be written.

        """
        folder = place_of(message, self._base, self._places)
        return str(write_whole(folder, str(message.values["file"]), message.body.encode(errors="replace")))


def place_of(message: Message, base: Path, places: Mapping[str, str]) -> Path:
    """Return the folder of a target: the administrator's, or the playbook's word taken as a path below ``base``.

    Raises:
        ChannelFailed: the playbook's word leads out of ``base``.

    """
    named = places.get(str(message.values.get("target", "")))
    if named:
        return Path(named)
    words = PurePosixPath(message.target.lstrip("#"))
    if words.is_absolute() or ".." in words.parts or not words.parts or not message.target.isprintable():
        raise ChannelFailed(
            f"the place {message.target!r} is not below {base}; name it in TOCSIN_PUBLISH_TO if it is meant", permanent=True
        )
    return base / words


def write_whole(folder: Path, name: str, content: bytes) -> Path:
    """Write a file so that nobody ever sees half of it.

    Raises:
        ChannelFailed: it cannot be written.

    """
    if PurePosixPath(name).name != name or name.startswith(".") or not name.isprintable():
        raise ChannelFailed(f"{name!r} is not the name of a file", permanent=True)
    part = folder / f".{name}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(folder / name)
    except OSError as error:
        raise ChannelFailed(f"the folder {folder} cannot be written: {error.strerror}") from error
    return folder / name
