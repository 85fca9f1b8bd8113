"""Secrets that the installation makes for itself: one for all who ask, also for those who ask first at the same moment."""

from __future__ import annotations

import secrets
import threading
from pathlib import Path

from tocsin.channels.keys import LINK_KEY, kept
from tocsin.engine.database import Database, DataDirectory


def test_messages_that_leave_at_the_same_moment_are_signed_with_the_same_key(tmp_path: Path) -> None:
    database = Database(DataDirectory(tmp_path).database_url)
    database.prepare()
    together = threading.Barrier(4)

    def late_setting(name: str) -> str | None:
        """Have everybody find that there is no key before anybody has made one."""
        known = database.setting(name)
        if known is None:
            together.wait(timeout=10)
        return known

    key = kept(LINK_KEY, late_setting, database.found_setting, lambda: secrets.token_hex(32))
    found: list[str] = []
    askers = [threading.Thread(target=lambda: found.append(key())) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len(found) == 4
    assert set(found) == {database.setting(LINK_KEY)}
    database.close()
