"""A job as the ``video`` object of the API: the fields that the official client knows, and ours beside them.

``status`` is always one of the client's four words, so that its polling ends when the work has ended; ``state`` is the engine's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from misora.store.records import Asset, Job
from misora.studio.answers import CharacterObject, FileObject, Status, VideoError, VideoObject

STATUS: dict[str, Status] = {
    "queued": "queued",
    "paused": "queued",
    "in_progress": "in_progress",
    "completed": "completed",
    "failed": "failed",
    "cancelled": "failed",
    "blocked": "failed",
}
SAID = {"cancelled": ("cancelled", "its owner cancelled it"), "blocked": ("moderation_blocked", "the rules do not allow it")}
DEFAULT_FPS = 24.0


def to_video(job: Job, outputs: Mapping[str, Asset] | None = None) -> VideoObject:
    """The object of a job.

    Args:
        outputs: Its files by role; what their recipe says is told too.
    """
    num_frames, height, width, fps = shape_of(job)
    video: VideoObject = {
        "id": job.id,
        "object": "video",
        "model": job.model,
        "status": STATUS[job.state],
        "progress": job.progress,
        "created_at": int(job.created_at),
        "completed_at": whole(job.finished_at) if job.state == "completed" else None,
        "expires_at": None,
        "prompt": job.request.get("prompt"),
        "size": f"{width}x{height}",
        "seconds": f"{num_frames / fps:.6g}",
        "remixed_from_video_id": job.parent_id,
        "error": error_of(job),
        "state": job.state,
        "stage": job.stage,
        "kind": kind_of(job),
        "fps": fps,
        "seed": job.request.get("seed"),
        "credits": job.credits,
        "lane": job.lane,
    }
    told = told_by_recipe(outputs or {})
    if told is not None:
        video["caption"], video["seed"] = told
    return video


def as_accepted(job: Job) -> Job:
    """``job`` as it was when it was accepted: what every answer under one idempotency key says, however far the work is by now."""
    return replace(
        job, state="queued", progress=0, stage="", finished_at=None, error_code=None, error_message=None, deleted_at=None
    )  # fmt: skip


def told_by_recipe(outputs: Mapping[str, Asset]) -> tuple[str | None, int | None] | None:
    """What became known when the video was made: the caption after rewriting, and the seed that was drawn."""
    main = outputs.get("video") or outputs.get("image")
    recipe = main.recipe if main is not None else None
    return (recipe.get("caption"), recipe.get("seed")) if recipe else None


def kind_of(job: Job) -> str:
    """The way of making; of an edit its tool."""
    tool = job.request.get("tool")
    return str(tool["tool"]) if isinstance(tool, Mapping) else job.kind


def error_of(job: Job) -> VideoError | None:
    """Why it ended without a video."""
    if STATUS[job.state] != "failed":
        return None
    code, message = SAID.get(job.state, ("failed", "it could not be made"))
    return {"code": job.error_code or code, "message": job.error_message or message}


def shape_of(job: Job) -> tuple[int, int, int, float]:
    """(num_frames, height, width, fps), from the key by which equal shapes are known."""
    sides, _, fps = job.shape_key.partition("@")
    num_frames, height, width = map(int, sides.split("x"))
    return num_frames, height, width, float(fps or DEFAULT_FPS)


def whole(at: float | None) -> int | None:
    return None if at is None else int(at)


def to_file(asset: Asset) -> FileObject:
    """An upload as the ``file`` object of the API."""
    return {
        "id": asset.id, "object": "file", "bytes": asset.num_bytes, "created_at": int(asset.created_at), "filename": asset.name,
        "purpose": "user_data", "status": "processed", "expires_at": None, "media_type": asset.media_type, "width": asset.width,
        "height": asset.height, "num_frames": asset.num_frames, "fps": asset.fps,
    }  # fmt: skip


def to_character(asset: Asset) -> CharacterObject:
    """A character; the clip that it was cut from is not kept."""
    return {"id": asset.id, "object": "character", "created_at": int(asset.created_at), "name": asset.name}


def to_page(data: Sequence[Any], *, has_more: bool) -> Any:
    """A list page; the client goes on with ``after=last_id`` while ``has_more``."""
    first, last = (data[0]["id"], data[-1]["id"]) if data else (None, None)
    return {"object": "list", "data": list(data), "first_id": first, "last_id": last, "has_more": has_more}
