"""The way of a job inside a worker, as named steps that none can leave out: read, judge the words, render, judge the frames, sign, keep.

``keep`` takes signed files, ``sign`` takes judged ones, and the database refuses an output without verdict and signature.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from misora.base.canvas import Frames
from misora.base.progress import Progress
from misora.base.recipe import Recipe
from misora.engine.derivatives import spritesheet, thumbnail
from misora.engine.judging import FRAMES_A_SECOND, Judge, Verdict, pass_frames, pass_text
from misora.engine.signing import JudgedFile, SignedFile, Signer
from misora.engine.unfinished import Unfinished
from misora.media.encode import write_video
from misora.media.pictures import Picture
from misora.media.stills import write_image
from misora.store.assets import NewAsset
from misora.store.records import Asset, Job
from misora.store.vault import Vault

STEPS = ("read", "judge_text", "render", "judge_frames", "sign", "keep", "publish")
"""In order; a worker names each as it begins it."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """A video that is being made.

    Args:
        texts: Everything that will be read as words, by field: the prompt as written and as rewritten.
        frames: Pieces (n, H, W, 3), computed as they are drawn.
    """

    recipe: Recipe
    texts: Mapping[str, str]
    frames: Iterator[Frames]


class Renderer(Protocol):
    """Turns a job's request into frames; owns the device."""

    def room_for(self, job: Job) -> int:
        """How many jobs like this one are best made together, itself included."""

    def seats(self, count: int) -> Sequence[AbstractContextManager[None]]:
        """For each of ``count`` threads that work together, what its work has to happen in."""

    def begin(
        self, job: Job, inputs: Mapping[str, Path], progress: Progress, preview: Callable[[Frames], None], unfinished: Unfinished
    ) -> Rendering:
        """Reads the request; frames are computed later.

        Args:
            inputs: The files that the request names, by id.
            unfinished: What earlier turns made; the renderer says which recipe it works on (``belong_to``) and adds to it.
        Raises:
            InputError: The request cannot be made.
        """


@dataclass(frozen=True, slots=True)
class Tools:
    """What a worker works with.

    Args:
        on_step: Told the name of each step as it begins.
    """

    renderer: Renderer
    judge: Judge
    signer: Signer
    vault: Vault
    on_step: Callable[[str], None] = field(default=lambda _: None)


def carry_out(
    job: Job, assets: Sequence[Asset], tools: Tools, unfinished: Unfinished, progress: Progress, preview: Callable[[Frames], None]
) -> tuple[NewAsset, ...]:
    """Makes what ``job`` asks for and puts it into the vault; returns what is to be published.

    Args:
        assets: The files that the request names.
        unfinished: Where it goes on from, and the folder in which files are written.
        preview: Given rough pictures that were judged.
    Raises:
        InputError: The request cannot be made.
        Refused: The rules do not allow its words or what was made of them.
    """
    tools.on_step("read")
    scratch = unfinished.scratch
    inputs = {asset.id: tools.vault.fetch(asset.digest) for asset in assets}
    rendering = tools.renderer.begin(job, inputs, progress, judged_preview(tools.judge, preview), unfinished)
    tools.on_step("judge_text")
    for name, text in rendering.texts.items():
        pass_text(tools.judge, text, field=name)
    tools.on_step("render")
    looked_at: list[Picture] = []
    main = render(rendering, scratch, looked_at)
    tools.on_step("judge_frames")
    verdict = pass_frames(tools.judge, np.stack(looked_at))
    files = judged_files(rendering.recipe, main, scratch, looked_at, verdict)
    tools.on_step("sign")
    signed = [tools.signer.sign(file) for file in files]
    tools.on_step("keep")
    return tuple(keep(tools.vault, file) for file in signed)


def judged_preview(judge: Judge, preview: Callable[[Frames], None]) -> Callable[[Frames], None]:
    """``preview`` for pictures that the judge allows; others are not shown, and the finished frames will decide."""

    def show(frames: Frames) -> None:
        with suppress(Exception):
            pass_frames(judge, frames)
            preview(frames)

    return show


def render(rendering: Rendering, scratch: Path, looked_at: list[Picture]) -> Path:
    """Writes the video or still without its verdict; ``looked_at`` receives the pictures that are to be judged."""
    shape, metadata = rendering.recipe.shape, metadata_of(rendering.recipe)
    pictures = watched(rendering.frames, shape.fps, looked_at)
    if shape.num_frames == 1:
        path = scratch / "image.png"
        write_image(path, next(pictures), metadata=metadata)
        return path
    path = scratch / "video.mp4"
    write_video(path, pictures, shape.fps, metadata=metadata)
    return path


def watched(pieces: Iterator[Frames], fps: float, looked_at: list[Picture]) -> Iterator[Picture]:
    """Single pictures; one in every half second, the first and the last also go to ``looked_at``."""
    every = max(1, round(fps / FRAMES_A_SECOND))
    index, picture = 0, None
    for piece in pieces:
        for picture in piece:
            if index % every == 0:
                looked_at.append(picture.copy())
            index += 1
            yield picture
    if picture is not None and (index - 1) % every:
        looked_at.append(picture.copy())


def judged_files(recipe: Recipe, main: Path, scratch: Path, looked_at: Sequence[Picture], verdict: Verdict) -> list[JudgedFile]:
    """The main file, its thumbnail and, for a video, its spritesheet; the smaller ones are made of judged pictures only."""
    shape, metadata = recipe.shape, metadata_of(recipe)
    is_still = shape.num_frames == 1
    role, media_type = ("image", "image/png") if is_still else ("video", "video/mp4")
    fps = None if is_still else shape.fps
    files = [JudgedFile(main, role, media_type, shape.width, shape.height, shape.num_frames, fps, verdict, recipe)]
    smaller = {"thumbnail": thumbnail(looked_at[0])} | ({} if is_still else {"spritesheet": spritesheet(looked_at)})
    for name, picture in smaller.items():
        path = scratch / f"{name}.webp"
        write_image(path, picture, metadata=metadata)
        files.append(JudgedFile(path, name, "image/webp", picture.shape[1], picture.shape[0], 1, None, verdict, recipe))
    return files


def keep(vault: Vault, signed: SignedFile) -> NewAsset:
    """Puts a signed file into the vault."""
    file = signed.file
    return NewAsset(
        role=file.role, blob=vault.put(file.path), media_type=file.media_type, name=file.path.name, width=file.width, height=file.height,
        num_frames=file.num_frames, fps=file.fps, verdict=file.verdict.to_dict(), signature=signed.signature, recipe=file.recipe.to_dict(),
    )  # fmt: skip


def metadata_of(recipe: Recipe) -> dict[str, str]:
    """What travels inside every file: the prompt as its title, the recipe as its comment."""
    return {"title": recipe.prompt.replace("\0", " "), "comment": recipe.to_json()}
