"""What leaves the house: no file outside its folder, no script in a document, nothing fetched from elsewhere."""

from __future__ import annotations

import re
import zipfile
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import pytest

from tests.world import World
from tocsin.channels.file.client import FileOutbox
from tocsin.channels.folder.client import Folder
from tocsin.engine.ports import ChannelFailed, Message

NAMES = (
    "../../evil",
    "/etc/evil",
    "..",
    ".",
    "",
    "a\x00b",
    "a/b/c",
    "\\\\host\\share",
    "x" * 5000,
    "é🔥\u202e",
    "con.json",
    "-rf",
    ".hidden",
    "a\nb",
    "~root",
    "%2e%2e/x",
)

EVIL = """<script>alert(1)</script>
<img src=x onerror=alert(2)>
[click](javascript:alert(3)) [data](data:text/html;base64,PHNjcmlwdD4=) <javascript:alert(4)>
![pixel](http://evil.example/pixel.png) ![x](https://evil.example/x.svg "t")
[ref]: javascript:alert(5)
[ref]
</body></html><iframe src="http://evil.example"></iframe><style>*{display:none}</style>
| a | <b onmouseover=alert(6)> |
<!-- --><svg/onload=alert(7)>
```html
<script>alert(8)</script>
```
&lt;script&gt;alert(9)&lt;/script&gt;"""


def _message(key: str, target: str, file: str = "x.md") -> Message:
    return Message(key, "incident:X", "k", target, "subject", "body", {"file": file}, "")


def _files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", NAMES)
def test_the_file_channel_writes_below_its_folder_only(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "a" / "b" / "outbox"
    written = FileOutbox(inside).send(_message(name, name))
    assert _files(tmp_path) == {inside / written}
    assert FileOutbox(inside).send(_message(name, name)) == written


@pytest.mark.parametrize("name", NAMES)
def test_the_folder_channel_writes_below_its_folder_or_says_why_not(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "a" / "b" / "published"
    for target, file in ((name, "x.md"), ("wiki", name)):
        try:
            written = Path(Folder(inside, {}).send(_message("k", target, file)))
        except ChannelFailed:
            continue
        assert written.resolve().is_relative_to(inside.resolve())
    assert all(path.is_relative_to(inside) for path in _files(tmp_path))


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))


def _assert_harmless(html: str) -> None:
    tags = _Tags()
    tags.feed(html)
    for tag, attributes in tags.found:
        assert tag not in {"script", "iframe", "img", "svg", "object", "embed", "form", "base", "b"}, tag
        assert not any(name.startswith("on") or name in {"src", "srcset", "style"} for name in attributes), (tag, attributes)
        link = attributes.get("href", "")
        assert not link or re.match(r"https?://|mailto:|/|#", link), link


def test_a_postmortem_of_hostile_texts_is_a_harmless_page(world: World) -> None:
    incident = world.declare(title=EVIL[:290], impact=EVIL, topic="<script>")
    world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": EVIL, "by": "<script>alert(0)</script>"}, "mallory")
    world.post(f"/incidents/{incident}/links", {"link": {"system": "<script>", "id": "x", "url": "javascript:alert(1)"}})
    world.post(f"/incidents/{incident}/actions", {"title": EVIL[:290], "group": "prevent", "owner": "<img src=x>"})
    world.post(f"/incidents/{incident}/postmortem", {"authors": ["<script>alert(1)</script>"]})
    for section in world.get(f"/incidents/{incident}/postmortem")["sections"]:
        world.send("POST", f"/incidents/{incident}/postmortem/sections", {"section": section["id"], "text": EVIL})
    page = world.send("GET", f"/incidents/{incident}/postmortem/document?format=html").text
    assert "alert(1)" in page, "the text is lost instead of shown"
    _assert_harmless(page)
    _assert_harmless(world.send("GET", f"/incidents/{incident}/postmortem/document?format=html&sanitised=true").text)
    with zipfile.ZipFile(BytesIO(world.send("GET", f"/incidents/{incident}/evidence").content)) as archive:
        for name in archive.namelist():
            assert not name.startswith("/")
            assert ".." not in name
            assert name.isprintable()


def test_the_pages_of_an_incident_with_hostile_texts_are_harmless(world: World) -> None:
    incident = world.declare(title=EVIL[:290], impact=EVIL)
    world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": EVIL, "by": '"><script>alert(0)</script>'})
    world.post(f"/incidents/{incident}/links", {"link": {"system": "x", "id": "x", "url": "javascript:alert(1)"}})
    for path in ("/", f"/incidents/{incident}", "/incidents"):
        page = world.page(path)
        if page.status != 200:
            continue
        tags = _Tags()
        tags.feed(page.text)
        for tag, attributes in tags.found:
            assert not any(name.startswith("on") for name in attributes), (tag, attributes)
            assert "alert(" not in attributes.get("href", ""), (tag, attributes)
            assert tag != "script" or attributes.get("src", "").startswith("/"), (tag, attributes)
            assert tag not in {"iframe", "b"} or "onmouseover" not in attributes, (tag, attributes)
            assert not (tag == "img" and "evil" in attributes.get("src", "")), (tag, attributes)
