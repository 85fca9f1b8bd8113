"""Threads that meet a type for the first time together: the decoder of the house must know it before them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_AT_ONCE = """
import sys
import threading
from pathlib import Path

from tocsin.app import Options, build
from tocsin.playbooks.load import load_text
from tocsin.playbooks.shelf import shipped_text

app = build(Options(data=Path(sys.argv[1])))
app.runtime.start()
text = shipped_text("house")
sys.setswitchinterval(1e-6)
gate = threading.Barrier(4)
titles = []

def reads():
    gate.wait()
    titles.append(load_text(text).playbook.title)

threads = [threading.Thread(target=reads) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
app.runtime.stop()
print(len(titles), len(set(titles)))
"""


def test_threads_of_a_running_house_may_read_their_first_playbook_at_the_same_moment(tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", _AT_ONCE, str(tmp_path / "data")], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "4 1\n"), ended.stderr
