"""Copy the browser libraries that the wheel carries: fetched from npm at a pinned version, each file checked against its digest.

Run it after changing a version below: `python tools/vendor.py`. Without Node nothing else needs it: the files are in the repository.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "src/tocsin/web/static/vendor"
FILES = {
    "htmx.org@4.0.1": {"package/dist/htmx.min.js": "htmx.min.js", "package/LICENSE": "htmx.LICENSE.txt"},
    "uplot@1.6.32": {
        "package/dist/uPlot.iife.min.js": "uplot.min.js",
        "package/dist/uPlot.min.css": "uplot.min.css",
        "package/LICENSE": "uplot.LICENSE.txt",
    },
}
DIGESTS = FOLDER / "sha256.txt"


def main() -> int:
    """Fetch every file; say which digests changed."""
    FOLDER.mkdir(exist_ok=True)
    known = dict(line.split(maxsplit=1)[::-1] for line in DIGESTS.read_text().splitlines()) if DIGESTS.exists() else {}
    digests = {}
    with tempfile.TemporaryDirectory() as folder:
        for package, files in FILES.items():
            packed = subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True, capture_output=True, text=True)
            with tarfile.open(Path(folder) / packed.stdout.split()[-1]) as archive:
                for inside, name in files.items():
                    member = archive.extractfile(inside)
                    assert member is not None, inside
                    content = member.read()
                    digests[name] = hashlib.sha256(content).hexdigest()
                    if known.get(name, digests[name]) != digests[name]:
                        sys.stdout.write(f"changed: {name}\n")
                    (FOLDER / name).write_bytes(content)
    DIGESTS.write_text("".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items())))
    sys.stdout.write(f"{len(digests)} files in {FOLDER.name}/, {', '.join(FILES)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
