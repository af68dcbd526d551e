"""A whole studio at toy size: the real engine, vault and worker in this process, and a renderer that paints in no time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from fastapi import FastAPI
from starlette.testclient import TestClient

from databases import memory_database
from engines import Bench, Painter, make_bench
from misora.api.edit import prepare_edit
from misora.api.storyboard import prepare_shoot
from misora.base.canvas import Canvas, Frames
from misora.base.progress import Progress
from misora.base.recipe import Recipe
from misora.editing.plan import assemble
from misora.editing.storyboard.shoot import Shoot
from misora.editing.tool import to_data
from misora.engine.judging import load_rules
from misora.engine.kinds import check_request, read_clips, read_edit
from misora.engine.unfinished import Unfinished
from misora.engine.work import Rendering
from misora.store.accounts import create_account
from misora.store.keys import create_key
from misora.store.records import Job
from misora.studio.app import create_app
from misora.studio.service import Options, Studio

SMALL = {"size": "64x64", "seconds": "0.5", "fps": 8}
URL = "http://127.0.0.1:8400"


class EditingPainter(Painter):
    """Paints edits too: the tool's own plan, its made frames grey."""

    def begin(
        self, job: Job, inputs: Mapping[str, Path], progress: Progress, preview: Callable[[Frames], None], unfinished: Unfinished
    ) -> Rendering:
        if job.kind != "edit":
            return super().begin(job, inputs, progress, preview, unfinished)
        tool, choices = read_edit(job.request)
        clips = read_clips(job.request, inputs)
        prepared = prepare_shoot(tool.board, clips, choices) if isinstance(tool, Shoot) else prepare_edit(tool, clips, choices)
        recipe = Recipe(
            prepared.prompt, "an edit", prepared.plan.shape, 1, 1, 1.0, "painter", inputs=prepared.inputs, edit=to_data(prepared.tool)
        )
        return Rendering(recipe, {"prompt": recipe.prompt}, assemble(prepared.plan, grey))


def grey(canvas: Canvas) -> Iterator[Frames]:
    """A canvas as grey as can be."""
    shape = canvas.shape
    yield np.full((shape.num_frames, shape.height, shape.width, 3), 90, np.uint8)


@dataclass
class Rig:
    """A studio, a client of it, and short ways to use both."""

    bench: Bench
    app: FastAPI
    client: TestClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = TestClient(self.app, base_url=URL, raise_server_exceptions=False)

    @property
    def studio(self) -> Studio:
        studio: Studio = self.app.state.studio
        return studio

    def work(self) -> int:
        """Everything that waits is made, here and now."""
        return self.bench.worker().run_until_idle()

    def create(self, prompt: str = "a dog runs", **fields: Any) -> dict[str, Any]:
        return self.ok(self.client.post("/v1/videos", json=SMALL | {"prompt": prompt} | fields))

    def made(self, prompt: str = "a dog runs", **fields: Any) -> dict[str, Any]:
        """A finished video."""
        video = self.create(prompt, **fields)
        self.work()
        return self.get(f"/v1/videos/{video['id']}")

    def get(self, path: str, **headers: str) -> dict[str, Any]:
        return self.ok(self.client.get(path, headers=headers))

    def ok(self, response: Any) -> dict[str, Any]:
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def error(self, response: Any, status: int) -> dict[str, Any]:
        """The error of an answer, whose shape is checked."""
        assert response.status_code == status, (response.status_code, response.text)
        body = response.json()
        assert set(body) == {"error"} and set(body["error"]) == {"message", "type", "param", "code"}
        error: dict[str, Any] = body["error"]
        return error

    def key(self, name: str, plan: str = "pro", scopes: tuple[str, ...] = ("videos", "files")) -> str:
        """The header of a new account's key."""
        with self.bench.engine.database.transaction() as tx:
            account = create_account(tx, name, plan, at=self.bench.clock())
            return f"Bearer {create_key(tx, account.id, at=self.bench.clock(), scopes=scopes)[1]}"


def make_rig(folder: Path, options: Options | None = None) -> Rig:
    bench = make_bench(memory_database(), folder)
    bench.painter = EditingPainter()
    studio = Studio(bench.engine, check_request, load_rules(), options or Options(), clock=bench.clock)
    return Rig(bench, create_app(studio))
