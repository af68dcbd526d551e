"""Several takes of one request, each with its own seed, judged by the critic; a bad lot is thrown again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from misora.api.generate import start
from misora.api.pins import ImageArgument, to_requests
from misora.api.request import Prepared, Request, prepare
from misora.api.video import Video
from misora.base.errors import InputError
from misora.base.progress import Progress, Step, silent
from misora.base.settings import PACKAGE, Settings, load_settings
from misora.models.weights_file import weights_path

if TYPE_CHECKING:
    from misora.pipelines.critic import Verdict

MAX_TAKES = 16
MAX_RETRIES = 4
"""Further takes at most when none is good enough: a model that cannot do it should not try for ever."""


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """A video and what the critic thinks of it.

    Args:
        video: As ``generate`` returns it; its recipe holds the take's own seed.
        verdict: ``score`` 0 to 1, and every fact that was checked.
    """

    video: Video
    verdict: Verdict

    @property
    def score(self) -> float:
        return self.verdict.score


def takes(
    prompt: str,
    count: int = 4,
    *,
    retry_below: float | None = None,
    seconds: float = 5.0,
    size: str | tuple[int, int] | None = None,
    seed: int | None = None,
    image: ImageArgument | list[ImageArgument] | None = None,
    rewrite: bool = True,
    progress: Progress | None = None,
) -> list[Take]:
    """Makes ``count`` videos of ``prompt`` and ranks them, best first.

    Args:
        count: 1 to 16; seeds are ``seed``, ``seed + 1``, ...
        retry_below: While no take scores this much, one more is made, at most four; 0 to 1, None never.
        seconds, size, seed, image, rewrite, progress: As in ``generate``.
    Raises:
        InputError: As in ``generate``; or the prompt names nobody of the stage, so that nothing can be checked.
    """
    request = Request(prompt, seconds, size, seed=seed, images=to_requests(image), rewrite_prompt=rewrite)
    rolled = roll(prepare(request), count, retry_below, progress=progress or silent)
    return sorted(rolled, key=lambda take: -take.score)


def roll(
    prepared: Prepared, count: int, retry_below: float | None = None, *, progress: Progress = silent, settings: Settings | None = None
) -> Iterator[Take]:
    """Takes as they are made, in the order of their seeds, each dropped by us once it is handed over."""
    check_counts(count, retry_below)
    from misora.pipelines.critic import load_critic
    from misora.pipelines.wanted import wanted_of

    settings = settings or load_settings()
    story = wanted_of(prepared.prompt, prepared.canvas.spans[0].caption)
    critic, best, made = load_critic(critic_folder(settings), settings.device), 0.0, 0
    while made < count or (retry_below is not None and best < retry_below and made < count + MAX_RETRIES):
        canvas = replace(prepared.canvas, seed=(prepared.canvas.seed + made) % 2**63)
        video = start(replace(prepared, canvas=canvas), progress=progress, settings=settings).collect()
        take = Take(video, critic.judge(video.frames, video.fps, story))
        best, made = max(best, take.score), made + 1
        progress(Step("takes", made, max(count, made)))
        yield take


def critic_folder(settings: Settings) -> Path:
    """Where the critic lies: in the weights folder in use where that has one, else in the package."""
    return settings.weights if weights_path(settings.weights, "critic").is_file() else PACKAGE / "models" / "weights"


def check_counts(count: int, retry_below: float | None) -> None:
    """Raises InputError unless both can be used."""
    if not 1 <= count <= MAX_TAKES:
        raise InputError(f"takes={count} is outside 1 to {MAX_TAKES}; nearest: {min(max(count, 1), MAX_TAKES)}", field="takes")
    if retry_below is not None and not 0 <= retry_below <= 1:
        raise InputError(f"retry_below={retry_below:g} is outside 0 to 1; nearest: {min(max(retry_below, 0), 1):g}", field="retry_below")
