"""A whole engine at toy size: a virtual clock, a vault in a folder, and a renderer that paints in no time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from misora.base.canvas import Frames
from misora.base.parts import NO_PARTS, Parts, Values
from misora.base.progress import Progress, Step
from misora.base.recipe import Recipe
from misora.base.shapes import VideoShape
from misora.engine.judging import load_rules
from misora.engine.kinds import check_request
from misora.engine.leases import Timing
from misora.engine.plans import Plan
from misora.engine.service import Engine
from misora.engine.signing import RecipeSigner
from misora.engine.submission import Submission
from misora.engine.unfinished import Unfinished
from misora.engine.work import Rendering, Tools
from misora.engine.worker import Worker
from misora.store.accounts import create_account
from misora.store.database import Database
from misora.store.records import Job
from misora.store.vault import LocalVault

NOW = 1_790_000_000.0
SMALL = {"size": "64x64", "seconds": 0.5, "fps": 8}
PLANS = {
    "free": Plan("free", 20, 10, 5, 480, max_running=1, max_waiting=10),
    "pro": Plan("pro", 1000, 1000, 20, 1080, max_running=3, max_waiting=2000, relaxed=True),
    "local": Plan("local", 0, 0, 60, 2048, max_running=4, max_waiting=1000, unlimited=True),
}


@dataclass
class Clock:
    """Time that passes when told."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Painter:
    """A renderer without networks: grey frames, one step each; what it is told to raise it raises while painting.

    Args:
        keeps: Whether it keeps every frame as a part, to go on from.
        room: How many jobs it makes together; one thread paints at a time.
        together: How many were made together, each time that several were.
    """

    raises: dict[str, Exception] = field(default_factory=dict)
    caption: str = "a painted scene"
    before_step: Callable[[Job, int], None] = lambda job, index: None
    keeps: bool = False
    room: int = 1
    together: list[int] = field(default_factory=list)

    def room_for(self, job: Job) -> int:
        return self.room

    def seats(self, count: int) -> Sequence[AbstractContextManager[None]]:
        self.together.append(count)
        turn = threading.Lock()

        @contextmanager
        def seat() -> Iterator[None]:
            with turn:
                yield

        return [seat() for _ in range(count)]

    def begin(
        self, job: Job, inputs: Mapping[str, Path], progress: Progress, preview: Callable[[Frames], None], unfinished: Unfinished
    ) -> Rendering:
        shape = check_request(job.kind, job.request)
        assert shape is not None
        recipe = Recipe(job.request["prompt"], self.caption, shape, seed=1, steps=1, guidance=1.0, sampler="painter")
        unfinished.belong_to(recipe)
        parts = unfinished if self.keeps else NO_PARTS
        return Rendering(recipe, {"prompt": recipe.prompt, "caption": recipe.caption}, self.paint(job, shape, progress, preview, parts))

    def paint(self, job: Job, shape: VideoShape, progress: Progress, preview: Callable[[Frames], None], parts: Parts) -> Iterator[Frames]:
        for index in range(shape.num_frames):
            level = parts.find(f"frame {index}")
            if level is None:
                level = self.level(job, index)
                parts.keep(f"frame {index}", level)
            piece = np.full((1, shape.height, shape.width, 3), level, np.uint8)
            progress(Step("denoise", index + 1, shape.num_frames))
            preview(piece)
            yield piece

    def level(self, job: Job, index: int) -> Values:
        """How bright a frame is to be, which is all the work there is."""
        self.before_step(job, index)
        if job.request["prompt"] in self.raises:
            raise self.raises[job.request["prompt"]]
        return np.full(1, 40 + 10 * index, np.float32)


@dataclass
class Bench:
    """An engine, its clock and its parts, and short ways to use them."""

    engine: Engine
    clock: Clock
    painter: Painter
    folder: Path

    def account(self, name: str = "ada", plan: str = "pro") -> str:
        with self.engine.database.transaction() as tx:
            return create_account(tx, name, plan, at=self.clock()).id

    def submit(self, account_id: str, prompt: str = "a dog runs", *, key: str | None = None, **values: object) -> Job:
        request = SMALL | {"prompt": prompt} | values
        shape = check_request("generate", request)
        assert shape is not None
        return self.engine.submit(Submission(account_id, "generate", request, shape, idempotency_key=key))

    def worker(self, on_step: Callable[[str], None] = lambda _: None) -> Worker:
        return Worker(self.engine, Tools(self.painter, load_rules(), RecipeSigner(), self.engine.vault, on_step))

    def findings(self) -> list[str]:
        return [f"{one.invariant} {one.subject} {one.said}" for one in self.engine.audit()]


def make_bench(database: Database, folder: Path, timing: Timing | None = None) -> Bench:
    """An engine over ``database`` with its vault in ``folder``."""
    clock = Clock()
    engine = Engine(database, LocalVault(folder / "vault", clock), PLANS, clock, timing or Timing())
    return Bench(engine, clock, Painter(), folder)
