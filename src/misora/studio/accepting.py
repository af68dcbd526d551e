"""From a checked body to jobs: the request in the engine's words, looked at, judged, priced, held. Nothing is spent before that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

from misora.base.canvas import Quality
from misora.base.errors import InputError, MisoraError
from misora.base.shapes import MAX_FPS, MAX_SIDE, MIN_FPS, VideoShape
from misora.editing.blend import Blend
from misora.editing.connect import Connect
from misora.editing.extend import Extend
from misora.editing.footage import makeable_size
from misora.editing.loop import Loop
from misora.editing.recut import Gap, Piece, Recut
from misora.editing.reframe import Reframe
from misora.editing.storyboard.records import Storyboard
from misora.editing.storyboard.shoot import Shoot
from misora.editing.tool import Tool, frames_in, to_data
from misora.engine.judging import pass_text, texts_in
from misora.engine.submission import Offer, Submission
from misora.store.records import Account, Asset, Job
from misora.studio.intake import Intake
from misora.studio.schemas import ImageBody, Sampling, VideoBody
from misora.studio.service import Studio

MODEL = "misora"
MODELS = (MODEL, "sora-2", "sora-2-pro", "sora-2-2025-10-06", "sora-2-2025-12-08", "sora-2-pro-2025-10-06", "gpt-image-1", "dall-e-3")
"""Names that programs written for the closed API send; all of them mean the one model that is here."""
DEFAULT_SECONDS = 4.0
CHARACTER_STRENGTH = 0.4
"""How firmly a character's picture is pinned where the video begins: enough to be recognised, not enough to stand still."""
STILL_FPS = 24.0
SEEDS = 2**63


@dataclass(frozen=True, slots=True)
class Order:
    """What will be submitted; ``takes`` jobs that differ in their seed only."""

    submission: Submission
    takes: int = 1


def order_video(studio: Studio, account: Account, body: VideoBody, key: str | None = None) -> Order:
    """A video from words, and perhaps pictures."""
    intake = Intake(studio, account)
    request = sampling_of(body) | given(body, "size", "resolution", "aspect", "fps", "preset")
    request |= {"seconds": DEFAULT_SECONDS if body.seconds is None else body.seconds}
    images = images_of(intake, body)
    if images:
        request["images"] = images
    return Order(looked_at(studio, account, "generate", request, model_of(body.model), key), body.n)


def order_image(studio: Studio, account: Account, body: ImageBody, key: str | None = None) -> Order:
    """A still from words."""
    request = sampling_of(body) | given(body, "resolution", "aspect", "preset")
    # Programs written for the images API send "high" or "hd"; it means nothing to this model.
    if request.get("quality") not in get_args(Quality):
        request.pop("quality", None)
    if body.size not in (None, "auto"):
        request["size"] = body.size
    return Order(looked_at(studio, account, "image", request, model_of(body.model), key), body.n)


def order_edit(
    studio: Studio, account: Account, tool: Tool, clips: list[Asset], body: Sampling, *, parent: str | None = None, key: str | None = None
) -> Order:
    """A clip changed, continued or joined by ``tool``.

    Args:
        clips: Files of the account, as many as the tool takes.
        parent: The video that the first clip is the result of.
    """
    request = sampling_of(body) | given(body, "preset") | {"tool": to_data(tool), "clips": [clip.id for clip in clips]}
    studio.check("edit", request)
    judge(studio, request)
    shape = shape_after(tool, clips)
    return Order(Submission(account.id, "edit", request, shape, is_edit=True, model=MODEL, parent_id=parent, idempotency_key=key))


def place(studio: Studio, order: Order) -> list[Job]:
    """Submits all takes or none; a take that the plan has no room for takes back those before it."""
    accepted: list[Job] = []
    for number in range(order.takes):
        try:
            accepted.append(studio.engine.submit(take(order, number)))
        except MisoraError:
            for job in accepted:
                studio.engine.delete(job.id, job.account_id)
            raise
    return accepted


def estimate(studio: Studio, order: Order) -> Offer:
    """What ``place`` would ask for, all takes together."""
    one = studio.engine.estimate(order.submission)
    return replace(one, credits=one.credits * order.takes)


def take(order: Order, number: int) -> Submission:
    """The ``number``-th of several takes: a seed of its own, and a key of its own under the caller's."""
    wanted = order.submission
    if number == 0:
        return wanted
    request = dict(wanted.request)
    if "seed" in request:
        request["seed"] = (request["seed"] + number) % SEEDS
    key = None if wanted.idempotency_key is None else f"{wanted.idempotency_key}#{number}"
    return replace(wanted, request=request, idempotency_key=key)


def looked_at(studio: Studio, account: Account, kind: str, request: dict[str, Any], model: str, key: str | None) -> Submission:
    """A request that can be made and whose words are allowed."""
    shape = studio.check(kind, request)
    assert shape is not None
    judge(studio, request)
    return Submission(account.id, kind, request, shape, model=model, idempotency_key=key)


def judge(studio: Studio, request: Mapping[str, Any]) -> None:
    """Raises Refused for the first text that the rules do not allow."""
    for name, text in texts_in(request).items():
        pass_text(studio.judge, text, field=name)


def images_of(intake: Intake, body: VideoBody) -> list[dict[str, Any]]:
    """Every picture of a body, placed in time: the first, the last, those between, and characters, held loosely."""
    images: list[dict[str, Any]] = []
    if body.input_reference is not None:
        images.append({"file": intake.take(body.input_reference, "input_reference").id})
    for number, frame in enumerate(body.keyframes):
        file = intake.take(frame.media, f"keyframes.{number}.media")
        images.append({"file": file.id, "seconds": frame.seconds, "strength": frame.strength})
    if body.last_frame is not None:
        images.append({"file": intake.take(body.last_frame, "last_frame").id, "seconds": "end"})
    for number, character in enumerate(body.characters):
        images.append({"file": intake.known(character.id, f"characters.{number}.id").id, "strength": CHARACTER_STRENGTH})
    return images


def sampling_of(body: Sampling) -> dict[str, Any]:
    """The fields that every kind of request shares, those that were given."""
    return given(body, "prompt", "seed", "steps", "guidance", "negative_prompt", "rewrite_prompt", "quality", "planned")


def given(body: Any, *names: str) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(body, name, None)) is not None}


def model_of(name: str | None) -> str:
    """The model as the caller named it; raises InputError for one that is not here."""
    if name is None:
        return MODEL
    if name not in MODELS:
        raise InputError(
            f"model={name[:80]!r} is not served here; choose {MODEL}, or one of {', '.join(MODELS[1:])}, which mean it", field="model"
        )
    return name


def shape_after(tool: Tool, clips: list[Asset]) -> VideoShape:
    """What an edit delivers, from what is known of its clips; the worker reads them and is exact."""
    if isinstance(tool, Shoot):
        return film_shape(tool.board, clips)
    first = clips[0]
    fps = min(max(first.fps or STILL_FPS, MIN_FPS), MAX_FPS)
    height, width = makeable_size(first.height or MAX_SIDE, first.width or MAX_SIDE)
    frames = frames_at(first, fps)
    match tool:
        case Extend() | Loop():
            frames += frames_in(tool.seconds, fps)
        case Connect():
            frames += frames_in(tool.seconds, fps) + frames_at(clips[1], fps)
        case Blend():
            frames = min(frames, frames_at(clips[1], fps))
        case Recut():
            frames = sum(frames_in(piece_seconds(piece, clips), fps) for piece in tool.pieces)
        case Reframe():
            height, width = tool.target(height, width)
        case _:
            pass
    return VideoShape(frames, height, width, fps)


def frames_at(clip: Asset, fps: float) -> int:
    """How many frames a clip has at another rate."""
    return round((clip.num_frames or 1) * fps / (clip.fps or fps))


def seconds_of(clip: Asset) -> float:
    return (clip.num_frames or 1) / (clip.fps or STILL_FPS)


def piece_seconds(piece: Piece, clips: list[Asset]) -> float:
    """How long a piece of a re-cut is; raises InputError for a clip that was not given, or one that ends before."""
    if isinstance(piece, Gap):
        return piece.seconds
    if not 1 <= piece.clip <= len(clips):
        raise InputError(f"pieces name clip {piece.clip}; {len(clips)} given", field="pieces")
    whole = seconds_of(clips[piece.clip - 1])
    if piece.start >= whole:
        raise InputError(f"pieces: the stretch from {piece.start:g} s begins behind the clip's end at {whole:.4g} s", field="pieces")
    return min(whole, whole if piece.end is None else piece.end) - piece.start


def film_shape(board: Storyboard, media: list[Asset]) -> VideoShape:
    """What a storyboard's film will be."""
    lengths = {name: seconds_of(asset) for name, asset in zip(board.media, media, strict=True)}
    return VideoShape(frames_in(board.film_seconds(lengths), board.fps), board.height, board.width, board.fps)
