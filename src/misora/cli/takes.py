"""``misora generate --takes``: several videos of one prompt, the best under the name that was asked for."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from misora.cli.display import showing

if TYPE_CHECKING:
    from misora.api.request import Request
    from misora.api.takes import Take


@dataclass(frozen=True, slots=True)
class Written:
    """A take on disk; its frames are gone from memory."""

    path: Path
    score: float
    seed: int
    wrong: tuple[str, ...]


def deliver_takes(request: Request, out: Path | None, count: int, retry_below: float | None, *, as_json: bool) -> None:
    """Makes, ranks and writes the takes; prints their paths and scores, best first."""
    from misora.api.output import check_output, name_for
    from misora.api.request import prepare
    from misora.api.takes import check_counts, roll
    from misora.cli.deliver import say_reading
    from misora.pipelines.wanted import wanted_of

    check_counts(count, retry_below)
    prepared = prepare(request)
    wanted_of(prepared.prompt, prepared.canvas.spans[0].caption)
    out = out or name_for(request.prompt, ".mp4")
    check_output(out, prepared.canvas.shape)
    if not as_json:
        say_reading(prepared, request.rewrite_prompt not in (False, "off"))
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".misora-takes-") as folder, showing() as display:
        rolled = enumerate(roll(prepared, count, retry_below, progress=display.progress))
        made = sorted((write_take(take, Path(folder) / f"{number}{out.suffix}") for number, take in rolled), key=lambda one: -one.score)
        ranked = [move(one, out if place == 1 else out.with_stem(f"{out.stem}-{place}")) for place, one in enumerate(made, start=1)]
    if retry_below is not None and ranked[0].score < retry_below:
        print(f"no take reached {retry_below:g}; the best of {len(ranked)} has {ranked[0].score:.2f}", file=sys.stderr)
    print(json.dumps([plain(one) for one in ranked], ensure_ascii=False) if as_json else "\n".join(line(one) for one in ranked))


def write_take(take: Take, path: Path) -> Written:
    """Writes a take and lets its frames go."""
    take.video.save(path)
    wrong = tuple(f"{check.fact}: {check.read} for {check.asked}" for check in take.verdict.wrong)
    return Written(path, take.score, take.video.recipe.seed, wrong)


def move(written: Written, target: Path) -> Written:
    """Gives a take its final name."""
    return Written(written.path.replace(target), written.score, written.seed, written.wrong)


def plain(written: Written) -> dict[str, Any]:
    """One take as JSON."""
    return {"path": str(written.path), "score": round(written.score, 4), "seed": written.seed, "wrong": list(written.wrong)}


def line(written: Written) -> str:
    """One take as a line of text; the path comes first, for scripts."""
    wrong = f"  wrong: {'; '.join(written.wrong)}" if written.wrong else ""
    return f"{written.path}  score {written.score:.2f}  seed {written.seed}{wrong}"
