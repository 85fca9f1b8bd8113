"""The console channel: a message as a short block of text on the server's output."""

from __future__ import annotations

import sys
from typing import TextIO

from tocsin.channels.abilities import ABILITIES
from tocsin.channels.notice import Compose, line, long_text, plain
from tocsin.channels.standing import Standing
from tocsin.engine.ports import ChannelFailed, Message


class Console:
    """Writes each message to a text stream."""

    name = "console"
    abilities = ABILITIES["console"]
    at_once = 1  # lines of two messages must not mix

    def __init__(self, stream: TextIO | None = None, compose: Compose = plain) -> None:
        self._stream = stream
        self._compose = compose

    def standing(self) -> Standing:
        """It is always there; whether anybody looks is another question."""
        return Standing(ready=True, says="Messages appear on the server's output.")

    def send(self, message: Message) -> str:
        """Print the message.

        Raises:
            ChannelFailed: the stream is closed.

        """
        stream = self._stream or sys.stdout
        notice = self._compose(message, self.name)
        text = "\n".join(f"  │ {one}" for one in long_text(notice).strip().splitlines())
        try:
            stream.write(f"→ {line(message.target)}: {notice.subject}\n{text}\n")
            stream.flush()
        except (OSError, ValueError) as error:
            raise ChannelFailed(f"the console cannot be written: {error}") from error
        return ""


class Quiet:
    """A console that keeps silent, for commands whose output is theirs; the message still counts as sent to nobody's screen."""

    name = "console"
    abilities = ABILITIES["console"]

    def standing(self) -> Standing:
        """It is always there, and says nothing."""
        return Standing(ready=True, says="Messages to the console are not shown.")

    def send(self, message: Message) -> str:
        """Print nothing."""
        return f"quiet:{message.key}"
