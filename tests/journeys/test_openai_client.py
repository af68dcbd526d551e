"""The official client, unchanged, against a real server on a loopback port, a real worker and the real networks at toy size."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from databases import free_port, migrated
from engines import PLANS
from misora.base.settings import PACKAGE
from misora.engine.judging import load_rules
from misora.engine.kinds import check_request
from misora.engine.rendering import NativeRenderer
from misora.engine.service import Engine
from misora.engine.signing import RecipeSigner
from misora.engine.work import Tools
from misora.engine.worker import Worker
from misora.media.decode import read_video
from misora.models.weights_file import KINDS, weights_path
from misora.store.vault import LocalVault
from misora.studio.app import create_app
from misora.studio.egress import Egress, parse_networks
from misora.studio.postman import Postman
from misora.studio.service import Studio
from misora.studio.serving import Address, build_server

openai = pytest.importorskip("openai")
SIZE = {"size": "64x64", "seconds": "1", "extra_body": {"fps": 8, "steps": 1}}


SHIPPED = PACKAGE / "models" / "weights"


@pytest.fixture
def base_url(tmp_path: Path, tiny_weights_in_use: None) -> Iterator[str]:
    """Where a server with a worker beside it answers, on weights of toy size."""
    with served(tmp_path) as url:
        yield url


@contextmanager
def served(tmp_path: Path) -> Iterator[str]:
    """A server with a worker and a postman beside it; its address."""
    engine = Engine(migrated(f"sqlite:///{tmp_path}/misora.db"), LocalVault(tmp_path / "vault"), PLANS)
    worker = Worker(engine, Tools(NativeRenderer(), load_rules(), RecipeSigner(), engine.vault))
    address = Address(port=free_port())
    studio = Studio(engine, check_request, load_rules(), egress=Egress(parse_networks(["127.0.0.0/8"])))
    server, stopping = build_server(create_app(studio), address), threading.Event()
    postman = Postman(engine.database, studio.egress, studio.clock)
    threads = [
        threading.Thread(target=server.run),
        threading.Thread(target=worker.run),
        threading.Thread(target=postman.run, args=(stopping,)),
    ]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 60
    while not server.started and time.monotonic() < deadline:
        threads[0].join(0.02)
    yield address.url
    server.should_exit = True
    worker.stopping.set()
    stopping.set()
    for thread in threads:
        thread.join()
    engine.database.close()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_whole_videos_surface(base_url: str, tmp_path: Path) -> None:
    with openai.OpenAI(base_url=base_url, api_key="unused", max_retries=0, timeout=120) as client:
        video = client.videos.create_and_poll(prompt="a dog runs", model="sora-2", poll_interval_ms=50, **SIZE)
        assert (video.status, video.progress, video.model, video.size, video.seconds) == ("completed", 100, "sora-2", "64x64", "1")
        for variant, head in (("video", b"ftyp"), ("thumbnail", b"RIFF"), ("spritesheet", b"RIFF")):
            assert head in client.videos.download_content(video.id, variant=variant).read()[:12]
        client.videos.download_content(video.id).write_to_file(tmp_path / "dog.mp4")
        remix = client.videos.remix(video.id, prompt="a dog runs at night")
        assert remix.remixed_from_video_id == video.id
        clip = tmp_path / "dog.mp4"
        edit = client.videos.edit(prompt="in snow", video=clip)
        extension = client.videos.extend(prompt="it goes on", seconds="1", video=openai.omit, extra_body={"video": {"id": video.id}})
        assert extension.seconds == "2"
        character = client.videos.create_character(name="Momo", video=clip)
        assert client.videos.get_character(character.id).name == "Momo"
        reference = client.videos.create(prompt="a dog runs", input_reference=clip, **SIZE)
        made = [client.videos.poll(one.id, poll_interval_ms=50) for one in (remix, edit, extension, reference)]
        assert [(one.status, one.error) for one in made] == [("completed", None)] * 4
        assert {one.id for one in client.videos.list(limit=2)} == {video.id, *(one.id for one in made)}
        whole = client.uploads.upload_file_chunked(file=clip, mime_type="video/mp4", purpose="user_data", part_size=999)
        assert whole.status == "completed" and client.files.content(whole.file.id).read() == clip.read_bytes()
        still = client.images.generate(prompt="a cat", size="64x64", extra_body={"steps": 1})
        assert still.data[0].b64_json.startswith("iVBOR")
        assert client.videos.delete(video.id).deleted
        with pytest.raises(openai.NotFoundError):
            client.videos.retrieve(video.id)
        with pytest.raises(openai.BadRequestError, match="nearest: 60"):
            client.videos.create(prompt="a dog", seconds="99")


@pytest.mark.weights
@pytest.mark.skipif(not all(weights_path(SHIPPED, kind).is_file() for kind in KINDS), reason="no shipped weights yet")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_shipped_weights_do_what_a_program_of_the_closed_api_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small and short, in few steps; nothing but ``base_url`` and key tells this program that another server answers."""
    monkeypatch.delenv("MISORA_WEIGHTS", raising=False)
    small = {"size": "128x128", "seconds": "0.5", "extra_body": {"steps": 2}}
    with served(tmp_path) as url, openai.OpenAI(base_url=url, api_key="unused", timeout=120) as client:
        video = client.videos.create_and_poll(prompt="a dog runs along the beach", model="sora-2", poll_interval_ms=100, **small)
        assert (video.status, video.error, video.size) == ("completed", None, "128x128")
        clip = tmp_path / "dog.mp4"
        client.videos.download_content(video.id).write_to_file(clip)
        sheet, thumbnail = (client.videos.download_content(video.id, variant=name).read() for name in ("spritesheet", "thumbnail"))
        frames = read_video(clip).frames
        assert frames.shape == (12, 128, 128, 3) and frames.std() > 5
        assert b"RIFF" == sheet[:4] == thumbnail[:4]
        few = {"extra_body": {"steps": 2}}
        remix = client.videos.remix(video.id, prompt="a dog runs along the beach at night", **few)
        edit = client.videos.edit(prompt="a dog runs in the snow", video=clip, **few)
        extension = client.videos.extend(prompt="it jumps", seconds="0.5", video=clip, **few)
        character = client.videos.create_character(name="Momo", video=clip)
        reused = {"steps": 2, "characters": [{"id": character.id}]}
        again = client.videos.create(prompt="Momo sleeps", size="128x128", seconds="0.5", extra_body=reused)
        made = [client.videos.poll(one.id, poll_interval_ms=100) for one in (remix, edit, extension, again)]
        assert [(one.status, one.error) for one in made] == [("completed", None)] * 4
        assert client.videos.retrieve(extension.id).seconds == "1"
        assert {one.id for one in client.videos.list()} == {video.id, *(one.id for one in made)}
        assert client.videos.delete(video.id).deleted and video.id not in {one.id for one in client.videos.list()}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_webhook_is_managed_sent_and_verified(base_url: str) -> None:
    got: list[tuple[bytes, dict[str, str]]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append((self.rfile.read(int(self.headers["content-length"])), dict(self.headers)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Receiver) as receiver, openai.OpenAI(base_url=base_url, api_key="unused", max_retries=0) as client:
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{receiver.server_port}/hook"
        endpoint = client.webhooks.create(name="done", url=url, event_types=["video.completed"])
        assert client.webhooks.test(endpoint.id, event_type="video.failed").status_code == 204
        video = client.videos.create_and_poll(prompt="a dog runs", poll_interval_ms=50, **SIZE)
        deadline = time.monotonic() + 60
        while len(got) < 2 and time.monotonic() < deadline:
            client.videos.retrieve(video.id)
        receiver.shutdown()
        trial, event = (client.webhooks.unwrap(body, headers, secret=endpoint.signing_secret) for body, headers in got)
        assert trial.type == "video.failed" and (event.type, event.data.id) == ("video.completed", video.id)
        rotated = client.webhooks.rotate_secret(endpoint.id)
        with pytest.raises(openai.InvalidWebhookSignatureError):
            client.webhooks.unwrap(*got[1], secret=rotated.signing_secret)
        assert [one.id for one in client.webhooks.list()] == [endpoint.id]
        assert client.webhooks.delete(endpoint.id).deleted and client.webhooks.event_types.list().data[0] == "video.completed"
