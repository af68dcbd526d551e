"""The unfinished work of a job, kept in the vault under its lease, so that any worker goes on where the last one stopped.

What was finished belongs to a recipe: it was made with one caption, one seed, one set of weights. The recipe is kept with it, and whoever
goes on makes that recipe's video, as a replay does, or begins anew. The job's row names the files, and the token of the lease guards the
row: a worker that slept too long changes nothing. What was kept is a saving, never a promise; anything missing or damaged is made again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from misora.base.errors import ConflictError, InputError, StoreUnavailable
from misora.base.parts import Begun, Values
from misora.base.recipe import Recipe
from misora.engine.service import Engine
from misora.store.records import Job
from misora.store.vault import BlobDamaged, BlobMissing

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Step:
    """How far a part is: the file of its latents after ``steps`` steps."""

    name: str
    steps: int
    digest: str


@dataclass(slots=True)
class Unfinished:
    """What one turn of a job begins with and adds to; ``base.parts.Parts`` for the renderer.

    Args:
        engine, lease: Where it is kept and by what right.
        scratch: A folder for files on their way to the vault.
        recipe: What the parts were made of; None while there are none.
        parts: Digests of finished parts by name.
        step: The part that is being made, as far as it was kept.
    """

    engine: Engine
    lease: Job
    scratch: Path
    recipe: Recipe | None = None
    parts: dict[str, str] = field(default_factory=dict)
    step: Step | None = None
    _latest: tuple[str, Begun] | None = None
    _kept_at: float = 0.0

    def __post_init__(self) -> None:
        self._kept_at = self.engine.clock()
        try:
            self._read(self.lease.checkpoint or {})
        except (InputError, KeyError, TypeError, AttributeError) as error:
            log.warning("%s begins anew: its checkpoint is of another version (%s)", self.lease.id, error)

    def _read(self, checkpoint: Mapping[str, Any]) -> None:
        if checkpoint:
            recipe, step = Recipe.from_dict(checkpoint["recipe"]), Step(**checkpoint["step"]) if checkpoint["step"] else None
            self.recipe, self.parts, self.step = recipe, dict(checkpoint["parts"]), step

    def belong_to(self, recipe: Recipe) -> None:
        """What is made from now on is of ``recipe``; parts of any other are forgotten."""
        if self.recipe is None or self.recipe.to_json() != recipe.to_json():
            self.parts, self.step = {}, None
        self.recipe = recipe

    # What the renderer does.

    def find(self, name: str) -> Values | None:
        return None if name not in self.parts else self._load(self.parts[name])

    def find_begun(self, name: str) -> Begun | None:
        if self.step is None or self.step.name != name:
            return None
        values = self._load(self.step.digest)
        return None if values is None else Begun(self.step.steps, values)

    def keep(self, name: str, values: Values) -> None:
        self._latest = None
        self._write(lambda: self._keep_part(name, values))

    def keep_begun(self, name: str, begun: Begun) -> None:
        self._latest = (name, begun)
        if self.engine.clock() - self._kept_at >= self.engine.timing.checkpoint:
            self.flush()

    # What the worker does.

    def flush(self) -> None:
        """Keeps the last step that was made; for a turn that ends before its part does."""
        if self._latest is not None:
            (name, begun), self._latest = self._latest, None
            self._write(lambda: self._keep_step(name, begun))

    def discard(self) -> None:
        """Removes the files, once the job has ended; ``collect_garbage`` does the same for a worker that did not come to it."""
        self._remove({*self.parts.values(), *([self.step.digest] if self.step else [])})
        self.parts, self.step, self._latest = {}, None, None

    def to_dict(self) -> dict[str, Any]:
        """As the job's row keeps it."""
        step = self.step and {"name": self.step.name, "steps": self.step.steps, "digest": self.step.digest}
        return {"recipe": self.recipe and self.recipe.to_dict(), "parts": self.parts, "step": step}

    def _keep_part(self, name: str, values: Values) -> None:
        self._note(self.parts | {name: self._store(values)}, None)

    def _keep_step(self, name: str, begun: Begun) -> None:
        self._note(self.parts, Step(name, begun.steps, self._store(begun.values)))

    def _note(self, parts: dict[str, str], step: Step | None) -> None:
        """Writes the row; the file of a step that is passed is removed after that, by the right of the lease that was just shown."""
        before, self.parts, self.step = self.step, parts, step
        self.engine.note(self.lease, self.to_dict())
        self._kept_at = self.engine.clock()
        if before is not None and before.digest not in {*parts.values(), step and step.digest}:
            self._remove({before.digest})

    def _remove(self, digests: Collection[str]) -> None:
        for digest in digests:
            with suppress(StoreUnavailable, OSError):
                self.engine.vault.remove(digest)

    def _write(self, write: Callable[[], None]) -> None:
        """What cannot be kept now is not; the work goes on, and the lease is the pulse's to watch."""
        if self.recipe is None:
            return
        try:
            write()
        except (StoreUnavailable, ConflictError) as error:
            log.warning("unfinished work of %s was not kept: %s", self.lease.id, error)

    def _store(self, values: Values) -> str:
        path = self.scratch / "part.npy"
        with path.open("wb") as file:
            np.save(file, values, allow_pickle=False)
            # Behind the values, where nobody reads: so that an equal job's file is another one, and neither removes the other's.
            file.write(self.lease.id.encode())
        return self.engine.vault.put(path).digest

    def _load(self, digest: str) -> Values | None:
        try:
            values: Values = np.load(self.engine.vault.fetch(digest), allow_pickle=False)
            return values
        except (BlobMissing, BlobDamaged, StoreUnavailable, OSError, ValueError) as error:
            log.warning("a finished part of %s is made again: %s", self.lease.id, error)
            return None
