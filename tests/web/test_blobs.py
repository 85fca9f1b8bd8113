"""Attachments: kept by their digest, given back so that a browser runs nothing of them."""

import hashlib

import pytest

from tests.world import Answer, World

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


def keep(world: World, content: bytes, name: str = "", media_type: str = "text/plain") -> Answer:
    return world.send("POST", f"/blobs?name={name}" if name else "/blobs", raw=content, headers={"content-type": media_type})


def test_an_attachment_is_given_back_byte_for_byte_under_its_digest(world: World) -> None:
    content = bytes(range(256)) * 100
    answer = keep(world, content, "dump.bin", "application/octet-stream")
    assert (answer.status, answer.json["digest"], answer.json["size"]) == (201, hashlib.sha256(content).hexdigest(), len(content))
    assert world.send("GET", f"/blobs/{answer.json['digest']}").content == content
    world.restart()
    assert world.send("GET", f"/blobs/{answer.json['digest']}").content == content


def test_the_same_bytes_again_are_the_same_attachment_with_its_first_name(world: World) -> None:
    first = keep(world, b"log", "a.txt").json
    world.advance(minutes=1)
    assert keep(world, b"log", "b.html", "text/html").json == first


def test_a_picture_is_shown_in_place_and_everything_else_is_downloaded(world: World) -> None:
    picture = world.send("GET", f"/blobs/{keep(world, PNG, 'graph.png', 'image/png').json['digest']}")
    assert picture.headers["content-disposition"].startswith("inline")
    for content, media_type in (
        (b"<script>x</script>", "text/html"),
        (b"<svg onload='x'/>", "image/svg+xml"),
        (b"%PDF", "application/pdf"),
    ):
        given = world.send("GET", f"/blobs/{keep(world, content, 'x', media_type).json['digest']}")
        assert given.headers["content-disposition"].startswith("attachment")
        assert given.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in given.headers["content-security-policy"]


def test_a_name_cannot_break_the_header_or_leave_its_folder(world: World) -> None:
    digest = keep(world, b"x", "..%2F..%2Fetc%2Fpass%0D%0AX-Evil: 1.txt").json["digest"]
    given = world.send("GET", f"/blobs/{digest}")
    assert "x-evil" not in given.headers
    assert given.headers["content-disposition"] == "attachment; filename*=UTF-8''pass%20X-Evil%3A%201.txt"


def test_a_media_type_that_is_none_counts_as_bytes(world: World) -> None:
    digest = keep(world, b"x", "x", "what/ever is this").json["digest"]
    assert world.send("GET", f"/blobs/{digest}").headers["content-type"] == "application/octet-stream"


def test_an_attachment_that_the_browser_has_is_not_sent_again(world: World) -> None:
    digest = keep(world, b"x").json["digest"]
    again = world.send("GET", f"/blobs/{digest}", headers={"if-none-match": f'"{digest}"'})
    assert (again.status, again.content) == (304, b"")


def test_an_attachment_over_the_limit_or_without_bytes_is_refused(world: World) -> None:
    assert keep(world, bytes(10_000_001)).status == 413
    assert keep(world, bytes(10_000_000)).status == 201
    assert keep(world, b"").status == 422


@pytest.mark.parametrize("digest", ["0" * 64, "nothing", "%00"])
def test_an_unknown_digest_is_not_found(world: World, digest: str) -> None:
    assert world.send("GET", f"/blobs/{digest}").status == 404


def test_an_attachment_needs_a_token(world: World) -> None:
    assert world.send("POST", "/blobs", raw=b"x", headers={"authorization": "Bearer wrong"}).status == 401
    digest = keep(world, b"x").json["digest"]
    assert world.send("GET", f"/blobs/{digest}", headers={"authorization": "Bearer wrong"}).status == 401


def test_an_entry_names_only_attachments_that_are_there(world: World) -> None:
    incident = world.declare()
    entry = {"kind": "OBSERVATION", "text": "see the graph"}
    problem = world.refused(f"/incidents/{incident}/entries", {**entry, "attachments": ["0" * 64]})
    assert (problem["status"], problem["field"]) == (422, "attachments")
    digest = keep(world, PNG, "graph.png", "image/png").json["digest"]
    world.post(f"/incidents/{incident}/entries", {**entry, "attachments": [digest]})
    (line,) = [line for line in world.get(f"/incidents/{incident}/timeline") if line.get("entry")]
    assert line["data"]["attachments"] == [digest]
