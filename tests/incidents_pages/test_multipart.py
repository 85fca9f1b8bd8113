"""Forms with files are read as browsers send them, and nothing that is sent breaks the reader."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.engine.errors import Refused
from tocsin.web.multipart import MOST_PARTS, TYPE, parse

MARK = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
HEAD = f"{TYPE}; boundary={MARK}"


def form(*parts: tuple[str, bytes]) -> bytes:
    """Return a body as a browser writes it. Each part: its head's lines, and its content."""
    return b"".join(f"--{MARK}\r\n{head}\r\n\r\n".encode() + content + b"\r\n" for head, content in parts) + f"--{MARK}--\r\n".encode()


def field(name: str) -> str:
    return f'Content-Disposition: form-data; name="{name}"'


def file(name: str, said: str, media: str = "text/plain") -> str:
    return f'{field(name)}; filename="{said}"\r\nContent-Type: {media}'


@given(st.lists(st.binary(max_size=200), max_size=4), st.lists(st.text(max_size=40), max_size=4))
def test_contents_come_out_as_they_went_in(contents: list[bytes], texts: list[str]) -> None:
    contents = [content for content in contents if f"\r\n--{MARK}".encode() not in content]
    body = form(
        *((field("text"), text.encode()) for text in texts), *((file("files", f"{n}.bin"), content) for n, content in enumerate(contents))
    )
    fields, files = parse(HEAD, body)
    assert [value for name, value in fields if name == "text"] == texts
    assert [one.content for one in files] == contents
    assert [value for name, value in fields if name == "files"] == [hashlib.sha256(content).hexdigest() for content in contents]


@given(st.binary(max_size=300))
def test_anything_else_is_refused(body: bytes) -> None:
    with pytest.raises(Refused, match="cannot be read"):
        parse(HEAD, body)
    with pytest.raises(Refused):
        parse(TYPE, body)


def test_names_keep_their_letters_and_lose_what_browsers_added() -> None:
    body = form((file("files", "障害 %22graph%22.png", "image/png"), b"x"), (f"{field('files')}; filename*=UTF-8''l%C3%B6g.txt", b"y"))
    _, files = parse(HEAD, body)
    assert [(one.name, one.media_type) for one in files] == [('障害 "graph".png', "image/png"), ("lög.txt", "")]


def test_a_file_field_that_was_left_empty_is_no_file() -> None:
    assert parse(HEAD, form((file("files", "", "application/octet-stream"), b""), (field("text"), b"x"))) == ([("text", "x")], [])


def test_very_many_parts_are_refused() -> None:
    with pytest.raises(Refused, match="more than"):
        parse(HEAD, form(*((field("text"), b"x") for _ in range(MOST_PARTS + 1))))
