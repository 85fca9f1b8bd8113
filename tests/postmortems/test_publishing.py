"""Publishing: intent, then result, to a folder, a git repository and a signed webhook; the evidence bundle."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.postmortems.scene import Scene
from tests.world import World
from tocsin.channels.folder.client import Folder
from tocsin.channels.git.client import Git
from tocsin.channels.webhook.client import Webhook, sign
from tocsin.engine import chain
from tocsin.engine.model import micros
from tocsin.engine.ports import ChannelFailed, Message
from tocsin.postmortems.publish import places


@pytest.fixture
def scene(world: World) -> Scene:
    return Scene(world).responded().drafted()


def facts(scene: Scene) -> list[str]:
    return [f.type for f in scene.world.app.runtime.facts("postmortem", scene.id)]


def publication(scene: Scene, target: str) -> dict[str, Any]:
    found: dict[str, Any] = next(t["publication"] for t in scene.view()["targets"] if t["id"] == target)
    return found


def test_a_folder_gets_the_document_and_the_record_has_intent_and_result(scene: Scene) -> None:
    result = scene.post("postmortem/publish", {"targets": ["wiki"]})
    assert facts(scene)[-1] == "postmortem.publish_intended"
    assert publication(scene, "wiki")["state"] == "under_way"
    before = scene.document()
    scene.world.app.runtime.settle()
    file = scene.world.folder / "published" / "wiki" / f"{scene.id}.md"
    assert file.read_text() == before
    assert hashlib.sha256(file.read_bytes()).hexdigest() == result["digests"]["wiki"]
    assert facts(scene)[-1] == "postmortem.published"
    assert publication(scene, "wiki")["said"] == str(file)
    assert scene.view()["stage"] == "published"
    assert not list(file.parent.glob(".*"))


def test_what_was_published_is_kept_as_it_was_when_the_text_changes_afterwards(scene: Scene) -> None:
    digest = scene.post("postmortem/publish", {"targets": ["wiki"]})["digests"]["wiki"]
    before = scene.document()
    scene.write("summary", "Another text.")
    scene.world.app.runtime.settle()
    assert (scene.world.folder / "published" / "wiki" / f"{scene.id}.md").read_text() == before
    assert scene.world.send("GET", f"/blobs/{digest}").text == before


def test_a_target_that_the_playbook_does_not_have_is_refused(scene: Scene) -> None:
    problem = scene.world.refused(f"/incidents/{scene.id}/postmortem/publish", {"targets": ["moon"]})
    assert problem["field"] == "targets"
    assert "wiki" in problem["detail"] + problem["fix"]


def test_a_failure_is_recorded_and_publishing_can_be_asked_for_again(scene: Scene) -> None:
    scene.post("postmortem/publish", {"targets": ["engineering_channel"]})
    scene.world.app.runtime.settle()
    assert facts(scene)[-1] == "postmortem.publish_failed"
    failed = publication(scene, "engineering_channel")
    assert failed["state"] == "failed"
    assert "#engineering" in failed["said"]
    scene.post("postmortem/publish", {"targets": ["engineering_channel"]})
    assert publication(scene, "engineering_channel")["attempt"] == 2
    assert "postmortem_published" not in [m["id"] for m in scene.world.get(f"/incidents/{scene.id}")["milestones"]]


class Receiver:
    """A small receiver that checks what a real one would: method, type and signature."""

    def __init__(self, answers: list[int]) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        requests, statuses = self.requests, answers

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                requests.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(statuses.pop(0) if statuses else 200)
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                return

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?token=s3cret"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver([503])
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_webhook_is_signed_and_tried_again_until_it_is_taken(tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_PUBLISH_TO", f"engineering_channel={receiver.url}")
    world = World(tmp_path / "data")
    try:
        scene = Scene(world).drafted()
        scene.post("postmortem/publish", {"targets": ["engineering_channel"]})
        world.app.runtime.settle()
        assert len(receiver.requests) == 1
        assert publication(scene, "engineering_channel")["state"] == "under_way"
        world.advance(minutes=1)
        assert len(receiver.requests) == 2
        done = publication(scene, "engineering_channel")
        assert done["state"] == "published"
        assert "s3cret" not in done["said"]
        secret = world.app.runtime.database.setting("webhook_secret")
        assert secret is not None
        headers, body = receiver.requests[1]
        assert headers["x-tocsin-signature"] == "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        assert headers["idempotency-key"] == receiver.requests[0][0]["idempotency-key"]
        assert json.loads(body)["document"].startswith("# Postmortem of a deployment: High error rate")
    finally:
        world.close()


def message(**more: Any) -> Message:
    values = {"target": "t", "file": "INC-1.md", "sanitised": False, "digest": "0"}
    fields: dict[str, Any] = {"target": "wiki", "body": "# Title\n", **more}
    return Message(
        "k",
        "postmortem:INC-1",
        "postmortem.document",
        fields["target"],
        "Title",
        fields["body"],
        {**values, **fields.get("values", {})},
        "",
    )


@pytest.mark.parametrize("where", ["http://127.0.0.1:9/x", "http://10.0.0.8/x", "http://[::1]/x", "http://169.254.169.254/latest"])
def test_a_playbook_cannot_send_to_an_internal_address(where: str) -> None:
    with pytest.raises(ChannelFailed, match="internal address") as failure:
        Webhook({}, lambda: b"s").send(message(target=where))
    assert failure.value.permanent


def test_a_signature_covers_the_whole_body() -> None:
    assert sign(b"a", b"secret") != sign(b"b", b"secret")
    assert sign(b"a", b"secret") != sign(b"a", b"other")


@pytest.mark.parametrize("where", ["../up", "/etc", "a/../../b"])
def test_a_playbook_cannot_lead_a_folder_out_of_its_base(tmp_path: Path, where: str) -> None:
    with pytest.raises(ChannelFailed, match="not below"):
        Folder(tmp_path / "base", {}).send(message(target=where))
    assert list(tmp_path.iterdir()) == []


def test_an_administrator_may_name_any_folder(tmp_path: Path) -> None:
    Folder(tmp_path / "base", {"t": str(tmp_path / "elsewhere")}).send(message())
    assert (tmp_path / "elsewhere" / "INC-1.md").read_text() == "# Title\n"


@pytest.mark.parametrize("name", ["../x.md", ".hidden", "a/b.md"])
def test_a_file_name_is_only_a_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(ChannelFailed, match="not the name"):
        Folder(tmp_path, {}).send(message(values={"file": name}))


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_git_commits_into_a_working_copy_and_the_same_text_makes_no_second_commit(tmp_path: Path) -> None:
    work = tmp_path / "base" / "reviews"
    work.mkdir(parents=True)
    git(work, "init", "--quiet")
    (work / ".git" / "hooks" / "pre-commit").write_text("#!/bin/sh\ntouch /tmp/never; exit 1\n")
    (work / ".git" / "hooks" / "pre-commit").chmod(0o755)
    channel = Git(tmp_path / "base", {})
    first = channel.send(message(target="reviews"))
    assert channel.send(message(target="reviews")) == first
    assert git(work, "log", "--format=%s") == "Title"
    assert channel.send(message(target="reviews", body="# Title\nmore\n")) != first
    assert git(work, "show", "HEAD:INC-1.md") == "# Title\nmore"


def test_git_pushes_to_a_repository_without_a_working_copy(tmp_path: Path) -> None:
    bare = tmp_path / "reviews.git"
    bare.mkdir()
    git(bare, "init", "--quiet", "--bare")
    channel = Git(tmp_path / "base", {"t": str(bare)})
    channel.send(message())
    commit = channel.send(message(body="# Title\nmore\n"))
    assert git(bare, "rev-parse", "HEAD") == commit
    assert git(bare, "rev-list", "--count", "HEAD") == "2"


@pytest.mark.parametrize(
    "where", ["ext::sh -c touch%20/tmp/owned", "--upload-pack=x", "https://example.com/x.git", "file:///etc", "git@host:x.git"]
)
def test_a_playbook_cannot_name_another_machine_or_an_option_for_git(tmp_path: Path, where: str) -> None:
    with pytest.raises(ChannelFailed) as failure:
        Git(tmp_path / "base", {}).send(message(target=where))
    assert failure.value.permanent


def test_git_gives_up_after_its_time(tmp_path: Path) -> None:
    work = tmp_path / "base" / "reviews"
    work.mkdir(parents=True)
    git(work, "init", "--quiet")
    with pytest.raises(ChannelFailed, match="took longer"):
        Git(tmp_path / "base", {}, seconds=0.000001).send(message(target="reviews"))


def test_places_are_read_or_the_entry_that_is_wrong_is_named() -> None:
    assert places("wiki=/srv/wiki\nhook=https://h.example.com/?a=b") == {"wiki": "/srv/wiki", "hook": "https://h.example.com/?a=b"}
    with pytest.raises(ValueError, match="'wiki' is not target=place"):
        places("wiki")


# -- the evidence bundle -------------------------------------------------------------------------------


def bundle(scene: Scene) -> tuple[bytes, zipfile.ZipFile]:
    answer = scene.world.send("GET", f"/incidents/{scene.id}/evidence")
    assert answer.status == 200
    return answer.content, zipfile.ZipFile(io.BytesIO(answer.content))


def test_the_bundle_holds_everything_and_the_same_record_gives_the_same_bytes(scene: Scene) -> None:
    digest = scene.world.send("POST", "/blobs?name=pool graph.png", raw=b"\x89PNG...", headers={"content-type": "image/png"}).json["digest"]
    scene.post("entries", {"kind": "OBSERVATION", "text": "the graph", "attachments": [digest]})
    scene.action("Alert before the pool is exhausted")
    content, found = bundle(scene)
    names = found.namelist()
    assert {
        "incident.json",
        "timeline.json",
        "obligations.json",
        "alerts.json",
        "actions.json",
        "chain.json",
        "facts.json",
        "postmortem.md",
    } <= set(names)
    assert any(name.startswith("messages/") for name in names)
    assert [found.read(name) for name in names if name.startswith("attachments/")] == [b"\x89PNG..."]
    assert found.read("postmortem.md").decode() == scene.document()
    assert json.loads(found.read("chain.json"))["whole"] is True
    assert bundle(scene)[0] == content


def test_the_bundle_can_be_checked_without_the_server(scene: Scene) -> None:
    links = json.loads(bundle(scene)[1].read("facts.json"))[f"incident:{scene.id}"]
    previous = chain.GENESIS
    for fact in links:
        times = [micros(datetime.fromisoformat(fact[name])) for name in ("occurred_at", "recorded_at")]
        digest = chain.digest(bytes.fromhex(fact["salt"]), fact["body"].encode())
        previous = chain.link(previous, fact["version"], fact["type"], times[0], times[1], fact["actor"], digest)
        assert previous.hex() == fact["hash"]


def test_a_changed_fact_shows_in_the_bundle(scene: Scene) -> None:
    with scene.world.app.runtime.database.writing() as connection:
        connection.execute(
            text("UPDATE facts SET body = replace(body, 'exhausted', 'fine') WHERE stream = :s"), {"s": f"incident:{scene.id}"}
        )
    verdict = json.loads(bundle(scene)[1].read("chain.json"))
    assert verdict["whole"] is False
    assert verdict["records"][0]["broken"][0]["what"] == "the content was changed"


def test_an_incident_without_a_postmortem_has_a_bundle_too(world: World) -> None:
    scene = Scene(world)
    assert "postmortem.md" not in bundle(scene)[1].namelist()
