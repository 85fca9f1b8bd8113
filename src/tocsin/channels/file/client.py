"""The file channel: one JSON file per message, written whole or not at all, named so that a repeat overwrites itself."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path

from tocsin.channels.abilities import ABILITIES
from tocsin.channels.notice import Compose, long_text, plain
from tocsin.channels.standing import Standing
from tocsin.engine.ports import ChannelFailed, Message

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 80


class FileOutbox:
    """Writes each message to ``<folder>/<name>.json``."""

    name = "file"
    abilities = ABILITIES["file"]
    at_once = 1  # so that the files stand in the order in which they were decided

    def __init__(self, folder: Path, compose: Compose = plain) -> None:
        self.folder = folder
        self._compose = compose

    def standing(self) -> Standing:
        """It needs no settings."""
        return Standing(ready=True, says=f"Messages become files in {self.folder}.")

    def send(self, message: Message) -> str:
        """Write the message and return its file's name.

        Raises:
            ChannelFailed: the folder cannot be written.

        """
        short = hashlib.sha256(message.key.encode()).hexdigest()[:8]
        name = f"{_UNSAFE.sub('-', message.key)[:_LONGEST]}-{short}.json"
        notice = self._compose(message, self.name)
        # What has no form of its own stands in the file to the letter.
        subject, body = (message.subject, message.body) if notice.kind == "other" else (notice.subject, long_text(notice))
        content = {
            "key": message.key, "kind": message.kind, "to": message.target, "at": message.at, "subject": subject, "body": body,
            "record": message.stream, "values": message.values,
        }  # fmt: skip
        part = self.folder / f".{name}.part"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with part.open("w", encoding="utf-8", errors="replace") as file:
                json.dump(content, file, ensure_ascii=False, indent=1)
                file.write("\n")
                file.flush()
                os.fsync(file.fileno())
            part.replace(self.folder / name)
        except OSError as error:
            raise ChannelFailed(f"the folder {self.folder} cannot be written: {error.strerror}") from error
        return name
