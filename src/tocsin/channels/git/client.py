"""The git channel: a document as a commit, by the ``git`` command, never through a shell and never for long."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tocsin.channels.abilities import ABILITIES
from tocsin.channels.folder.client import place_of, write_whole
from tocsin.channels.notice import line
from tocsin.channels.outgoing import told
from tocsin.channels.standing import Standing
from tocsin.engine.ports import ChannelFailed, Message

_SECONDS: Final = 60
_IDENTITY: Final = (
    "-c",
    "user.name=Tocsin",
    "-c",
    "user.email=tocsin@localhost",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "commit.gpgSign=false",
)
_REMOTE: Final = ("https://", "ssh://", "git@", "file://")


class Git:
    """Commits into a repository: a working copy on this machine, or any other repository through a copy below ``base``."""

    name = "publish_git"
    abilities = ABILITIES["publish_git"]
    at_once = 1  # a working copy holds one change at a time
    timeout_seconds = 300.0  # some commands, each of at most a minute

    def __init__(self, base: Path, places: Mapping[str, str], seconds: float = _SECONDS) -> None:
        self._base = base
        self._places = places
        self._seconds = seconds

    def standing(self) -> Standing:
        """It needs no settings."""
        return Standing(ready=True, says=f"Documents become commits below {self._base}, or where TOCSIN_PUBLISH_TO says.")

    def send(self, message: Message) -> str:
        """Commit the document and return the commit's id. Unchanged content makes no commit.

        Raises:
            ChannelFailed: git is missing, refused, or took too long.

        """
        named = self._places.get(str(message.values.get("target", "")), "")
        where = named or message.target
        remote = where.startswith(_REMOTE)
        if where.startswith("-") or (remote and not named):
            # A playbook may name a place below `base`; another machine only an administrator may name.
            raise ChannelFailed(f"the repository {where!r} is not one that TOCSIN_PUBLISH_TO names", permanent=True)
        path = None if remote else place_of(message, self._base, self._places)
        if path is not None and (path / ".git").exists():
            return self._commit(path, message)
        if path is not None and not path.exists():
            raise ChannelFailed(f"there is no git repository at {path}; make one with `git init`", permanent=True)
        source = where if path is None else str(path)
        copy = self._base / ".git-copies" / hashlib.sha256(source.encode()).hexdigest()[:16]
        self._fresh(copy, source)
        commit = self._commit(copy, message)
        self._git(copy, "push", "--quiet", "origin", "HEAD")
        return commit

    def _fresh(self, copy: Path, source: str) -> None:
        """Bring the copy to where the repository stands now."""
        if not (copy / ".git").exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            self._git(copy.parent, "clone", "--quiet", "--", source, copy.name)
            return
        self._git(copy, "fetch", "--quiet", "origin")
        branch = self._git(copy, "symbolic-ref", "--short", "HEAD")
        if self._git(copy, "branch", "--remotes", "--list", f"origin/{branch}"):
            self._git(copy, "reset", "--hard", "--quiet", f"origin/{branch}")

    def _commit(self, repository: Path, message: Message) -> str:
        name = str(message.values["file"])
        write_whole(repository, name, message.body.encode(errors="replace"))
        self._git(repository, "add", "--", name)
        if self._git(repository, "status", "--porcelain", "--", name):
            self._git(repository, *_IDENTITY, "commit", "--quiet", "-m", line(message.subject) or name, "--", name)
        return self._git(repository, "rev-parse", "HEAD")

    def _git(self, folder: Path, *words: str) -> str:
        """Run git and return what it says. Nothing of this machine's settings takes part, and nothing is asked of a person."""
        environment = {
            "PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", "/"), "SSH_AUTH_SOCK": os.environ.get("SSH_AUTH_SOCK", ""),
            "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_ALLOW_PROTOCOL": "file:https:ssh",
            "GIT_SSH_COMMAND": "ssh -oBatchMode=yes", "LC_ALL": "C",
        }  # fmt: skip
        git = shutil.which("git")
        if git is None:
            raise ChannelFailed("there is no `git` on this machine", permanent=True)
        try:
            done = subprocess.run(  # noqa: S603 (a list, no shell; every word of a message stands after `--` or is a value)
                [git, "-C", str(folder), *words], env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=self._seconds, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise ChannelFailed(f"git {words[0]} took longer than {self._seconds:g} s") from error
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise ChannelFailed(
                f"git {next(w for w in words if not w.startswith('-') and '=' not in w)} failed: {told(said[-1]) if said else done.returncode}"
            )
        return done.stdout.decode(errors="replace").strip()
