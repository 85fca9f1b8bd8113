"""What people attach is kept whole, shown without being run, and readable only where the incident is."""

from __future__ import annotations

import asyncio
import struct
import zlib
from urllib.parse import quote

import pytest

from tests.world import Answer, World, forms_of
from tocsin.incidents.attachments import media_type, picture, shown
from tocsin.web.blobs import LARGEST_BLOB

MARK = "----boundary7MA4YWxkTrZu0gW"


def png() -> bytes:
    """Return a picture of one dot."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\xff\0\0")) + chunk(b"IEND", b"")


def send(
    world: World, path: str, fields: dict[str, str], *files: tuple[str, str, str, bytes], person: str = "alice", accept: str = "text/html"
) -> Answer:
    """Send a form with files (field, name, type, content) as a browser would."""
    parts = [f'--{MARK}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()]
    for field, name, kind, content in files:
        head = f'--{MARK}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\nContent-Type: {kind}\r\n\r\n'
        parts.append(head.encode() + content + b"\r\n")
    body = b"".join(parts) + f"--{MARK}--\r\n".encode()
    headers = {"accept": accept, "content-type": f"multipart/form-data; boundary={MARK}", "x-tocsin-person": quote(person)}
    return asyncio.run(world._call("POST", path, headers, body))


def composer(world: World, page: str) -> dict[str, str]:
    found = next(form for form in forms_of(world.page(page).text) if form.action == f"{page}/entries").fields
    return {name: value for name, value in found.items() if name != "files"}


def test_a_form_without_a_script_logs_an_entry_with_several_files(world: World) -> None:
    incident = world.declare()
    page = f"/incidents/{incident}"
    log = b"\n".join(f"14:{n:02} ERROR pool exhausted".encode() for n in range(60))
    sent = send(
        world, f"{page}/entries", {**composer(world, page), "text": "what we saw"},
        ("files", "error <rate>.png", "image/png", png()), ("files", "pool.json", "application/json", b'{"in_use":50}'), ("files", "app.log", "text/plain", log),
    )  # fmt: skip
    assert sent.status == 303, sent.text
    shown_page = world.page(page).text
    row = shown_page[shown_page.index('id="timeline"') :]
    assert 'alt="error &lt;rate&gt;.png"' in row
    assert "&#34;in_use&#34;: 50" in row
    assert "14:05 ERROR pool exhausted" in row
    assert "14:59 ERROR" not in row
    assert "Whole file" in row


def test_files_alone_make_an_entry_that_names_them(world: World) -> None:
    incident = world.declare()
    page = f"/incidents/{incident}"
    send(world, f"{page}/entries", {**composer(world, page), "text": ""}, ("files", "graph.png", "image/png", png()))
    assert [line["text"] for line in world.get(f"{page}/timeline") if line.get("entry")] == ["Attached graph.png"]


def test_a_script_sends_each_file_by_itself_and_the_entry_names_them(world: World) -> None:
    incident = world.declare()
    page = f"/incidents/{incident}"
    fields = composer(world, page)
    kept = send(
        world, f"{page}/attachments", {"csrf": fields["csrf"]}, ("file", "../../graph.png", "image/png", png()), accept="application/json"
    ).json
    assert (kept["name"], kept["picture"]) == ("graph.png", True)
    world.send_form(f"{page}/entries", {**fields, "text": "graph", "attachment": kept["digest"]}, headers={"accept": "application/json"})
    answer = world.page(f"{page}/attachments/{kept['digest']}")
    assert (answer.status, answer.content) == (200, png())


@pytest.mark.parametrize(
    ("name", "kind", "content"),
    [
        ("page.html", "text/html", b"<script>alert(1)</script>"),
        ("drawing.svg", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("fake.png", "image/png", b"<script>alert(1)</script>"),
        ("evil.js", "text/javascript", b"alert(1)"),
        ("x.png", "text/html;charset=utf-8\r\nset-cookie: a=b", png()),
    ],
)
def test_what_could_run_is_handed_over_as_a_file_in_a_sandbox_and_never_shown_in_place(
    world: World, name: str, kind: str, content: bytes
) -> None:
    incident = world.declare()
    page = f"/incidents/{incident}"
    send(world, f"{page}/entries", {**composer(world, page), "text": "odd"}, ("files", name, kind.partition("\r")[0], content))
    digest = next(line for line in world.get(f"{page}/timeline") if line.get("entry"))["data"]["attachments"][0]
    room = world.page(page).text
    assert "<script>alert(1)" not in room
    assert "<svg xmlns=" not in room
    assert f'<img src="{page}/attachments/{digest}"' not in room
    answer = world.page(f"{page}/attachments/{digest}")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    if not kind.startswith("image/png"):
        assert answer.headers["content-disposition"].startswith("attachment")


def test_a_file_that_is_too_large_or_empty_is_refused_and_nothing_is_logged(world: World) -> None:
    incident = world.declare()
    page = f"/incidents/{incident}"
    fields = composer(world, page)
    large = ("files", "core.dump", "application/octet-stream", b"0" * (LARGEST_BLOB + 1))
    answer = send(world, f"{page}/entries", {**fields, "text": "kept text"}, large)
    assert answer.status == 413
    assert "core.dump has 10.0 MB, and at most 10 MB fit." in answer.text
    assert "kept text" in answer.text
    one = send(world, f"{page}/attachments", {"csrf": fields["csrf"]}, ("file", *large[1:]), accept="application/json")
    assert (one.status, "at most 10 MB" in one.json["detail"]) == (413, True)
    empty = send(
        world, f"{page}/attachments", {"csrf": fields["csrf"]}, ("file", "empty.txt", "text/plain", b""), accept="application/json"
    )
    assert "empty" in empty.json["detail"]
    assert not any(line.get("entry") for line in world.get(f"{page}/timeline"))


def test_an_attachment_is_given_where_an_entry_names_it_and_nowhere_else(world: World) -> None:
    incident, other = world.declare(), world.declare(title="Another")
    page = f"/incidents/{incident}"
    send(world, f"{page}/entries", {**composer(world, page), "text": "graph"}, ("files", "graph.png", "image/png", png()))
    digest = next(line for line in world.get(f"{page}/timeline") if line.get("entry"))["data"]["attachments"][0]
    assert world.page(f"{page}/attachments/{digest}").status == 200
    assert world.page(f"{page}/attachments/{digest}", headers={"if-none-match": f'"{digest}"'}).status == 304
    assert world.page(f"/incidents/{other}/attachments/{digest}").status == 404
    assert world.page(f"{page}/attachments/{'0' * 64}").status == 404


def test_attachments_of_a_private_incident_are_for_its_readers(world: World) -> None:
    incident = world.declare(private=True)
    page = f"/incidents/{incident}"
    send(world, f"{page}/entries", {**composer(world, page), "text": "graph"}, ("files", "graph.png", "image/png", png()))
    digest = next(line for line in world.get(f"{page}/timeline") if line.get("entry"))["data"]["attachments"][0]
    assert world.page(f"{page}/attachments/{digest}", person="alice").status == 200
    for path in (f"{page}/attachments/{digest}", page, f"{page}/bridge", f"{page}/entries/1", f"{page}/people?q=a"):
        assert world.page(path, person="mallory").status == 404, path
    assert "graph" not in world.page("/bridge", person="mallory").text
    theirs = world.declare(title="Mine")
    fields = composer(world, f"/incidents/{theirs}")
    stolen = world.send_form(
        f"/incidents/{theirs}/entries", {**fields, "text": "x", "attachment": digest}, "mallory", {"accept": "application/json"}
    )
    assert stolen.status == 422


@pytest.mark.parametrize(
    ("said", "head", "is_one"),
    [
        ("image/png", png(), True),
        ("image/jpeg", b"\xff\xd8\xff\xe0", True),
        ("image/gif", b"GIF89a", True),
        ("image/webp", b"RIFF\0\0\0\0WEBPVP8 ", True),
        ("image/avif", b"\0\0\0\x20ftypavif", True),
        ("image/png", b"GIF89a", False),
        ("image/svg+xml", b"<svg/>", False),
        ("text/html", png(), False),
        ("image/webp", b"RIFF\0\0\0\0WAVE", False),
    ],
)
def test_a_picture_is_what_it_says_it_is(said: str, head: bytes, is_one: bool) -> None:
    assert picture(said, head) is is_one


def test_previews_are_of_texts_only_and_short() -> None:
    assert shown("d", "a.bin", "application/octet-stream", 3, b"abc").preview == ""
    assert shown("d", "a.log", "application/octet-stream", 3, b"abc").preview == "abc"
    assert shown("d", "a.log", "text/plain", 3, b"a\0c").preview == ""
    assert shown("d", "a.txt", "text/plain", 2, b"\xff\xfe").preview == ""
    long = shown("d", "a.txt", "text/plain", 9000, b"x" * 2400)
    assert (len(long.preview), long.cut) == (1200, True)
    assert shown("d", "deep.json", "application/json", 6000, b"[" * 2400).cut
    assert media_type("Text/Plain; charset=utf-8") == "text/plain"
    assert media_type("x\r\ny") == "application/octet-stream"
