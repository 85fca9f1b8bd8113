"""The console channel: a message as a short block of text on the server's output."""

from __future__ import annotations

import sys
from typing import TextIO

from tocsin.engine.ports import ChannelFailed, Message


class Console:
    """Writes each message to a text stream."""

    name = "console"

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def send(self, message: Message) -> str:
        """Print the message.

        Raises:
            ChannelFailed: the stream is closed.

        """
        stream = self._stream or sys.stdout
        text = "\n".join(f"  │ {line}" for line in message.body.strip().splitlines())
        try:
            stream.write(f"→ {message.target}: {message.subject}\n{text}\n")
            stream.flush()
        except (OSError, ValueError) as error:
            raise ChannelFailed(f"the console cannot be written: {error}") from error
        return ""


class Quiet:
    """A console that keeps silent, for commands whose output is theirs; the message still counts as sent to nobody's screen."""

    name = "console"

    def send(self, message: Message) -> str:
        """Print nothing."""
        return f"quiet:{message.key}"
