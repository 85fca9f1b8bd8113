"""All commands of ``tocsin oncall``: importing them puts them into their group."""

from __future__ import annotations

from tocsin.oncall.cli import change, files, who
from tocsin.oncall.cli.common import oncall

__all__ = ["change", "files", "oncall", "who"]
