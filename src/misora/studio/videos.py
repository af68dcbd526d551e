"""``/v1/videos``: made, read, listed, fetched, deleted; and while they are made, paused, resumed, cancelled."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Request, Response

from misora.engine.service import JobNotFound
from misora.store.assets import assets_of_jobs
from misora.store.jobs import list_jobs
from misora.store.records import Job
from misora.studio import accepting
from misora.studio.answers import Ancestor, Deleted, Estimate, Lineage, RecipeObject, VideoObject, VideoPage
from misora.studio.delivery import deliver
from misora.studio.doors import Here, Videos
from misora.studio.errors import NotFound, NotReady
from misora.studio.openapi import Sent, sends
from misora.studio.presenting import STATUS, as_accepted, to_page, to_video
from misora.studio.schemas import VideoBody, parse
from misora.studio.service import Studio

router = APIRouter(prefix="/v1/videos", tags=["videos"])

Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=250, description="A repeated request under one key is done once.")]
Variant = Literal["video", "thumbnail", "spritesheet"]
VIDEO_KINDS = ("generate", "edit")
POLL_MS, BUSY_POLL_MS, MANY_WAIT = 1000, 5000, 8


@router.post("", openapi_extra=sends(VideoBody, {"prompt": "a dog runs along the beach", "seconds": "4", "size": "832x480"}))
def create_video(studio: Here, account: Videos, sent: Sent, idempotency_key: Key = None) -> VideoObject:
    """Accepts a video; it is made later, and this answers at once."""
    order = accepting.order_video(studio, account, parse(VideoBody, sent), idempotency_key)
    return accepted(accepting.place(studio, order))


@router.post("/estimate", openapi_extra=sends(VideoBody, {"prompt": "a dog runs along the beach", "seconds": "4"}))
def estimate_video(studio: Here, account: Videos, sent: Sent) -> Estimate:
    """What a video would cost, and the lane in which it would wait; nothing is made or held."""
    offer = accepting.estimate(studio, accepting.order_video(studio, account, parse(VideoBody, sent)))
    return {"object": "estimate", "credits": offer.credits, "lane": offer.lane}


@router.get("")
def list_videos(
    studio: Here,
    account: Videos,
    after: Annotated[str | None, Query(max_length=80, description="Id of the last video of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    order: Literal["asc", "desc"] = "desc",
) -> VideoPage:
    """The account's videos, newest first unless `order=asc`."""
    with studio.engine.database.reading() as tx:
        page = list_jobs(tx, account_id=account.id, kinds=VIDEO_KINDS, after=after, limit=limit, newest_first=order == "desc")
        outputs = assets_of_jobs(tx, [job.id for job in page.data if job.state == "completed"])
    page_of: VideoPage = to_page([to_video(job, outputs.get(job.id)) for job in page.data], has_more=page.has_more)
    return page_of


@router.get("/{video_id}")
def retrieve_video(studio: Here, account: Videos, video_id: str, response: Response) -> VideoObject:
    """A video as it is now. While it is unfinished, `openai-poll-after-ms` says when to ask again."""
    job, outputs = studio.engine.result(video_id, account.id)
    if STATUS[job.state] in ("queued", "in_progress"):
        response.headers["openai-poll-after-ms"] = str(poll_after_ms(studio))
    return to_video(job, outputs)


@router.delete("/{video_id}")
def delete_video(studio: Here, account: Videos, video_id: str) -> Deleted:
    """Forgets a video and its files; one that is being made is cancelled and not charged."""
    studio.engine.delete(video_id, account.id)
    return {"id": video_id, "object": "video.deleted", "deleted": True}


@router.head("/{video_id}/content", include_in_schema=False)
@router.get("/{video_id}/content", response_class=Response, responses={200: {"content": {"video/mp4": {}, "image/webp": {}}}})
def download_content(studio: Here, account: Videos, video_id: str, request: Request, variant: Variant = "video") -> Response:
    """The finished file, whole or a `Range` of it."""
    job, outputs = studio.engine.result(video_id, account.id)
    asset = outputs.get("image", outputs.get(variant)) if variant == "video" else outputs.get(variant)
    if asset is None and job.state == "completed":
        raise NotFound(f"{video_id} has no {variant}; it has {', '.join(sorted(outputs))}")
    if asset is None:
        raise NotReady(f"{video_id} is {job.state}, not completed; its {variant} is there when it is")
    return deliver(request, asset, studio.engine.read_asset, name=f"{video_id}-{variant}")


@router.get("/{video_id}/preview", response_class=Response, responses={200: {"content": {"image/webp": {}}}})
def preview_video(studio: Here, account: Videos, video_id: str) -> Response:
    """The latest rough picture of a video that is being made."""
    found = studio.engine.preview(video_id, account.id)
    if found is None:
        raise NotFound(f"{video_id} has no preview now; there is one while it is being made")
    picture, media_type = found
    return Response(picture, media_type=media_type, headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})


@router.get("/{video_id}/recipe")
def read_recipe(studio: Here, account: Videos, video_id: str) -> RecipeObject:
    """Everything that decides the frames: weights, seed, sampler, caption, inputs. `misora replay` makes them again from it."""
    outputs = studio.engine.outputs(video_id, account.id)
    main = outputs.get("video") or outputs.get("image")
    if main is None or main.recipe is None:
        raise NotReady(f"{video_id} is not completed; its recipe is written when it is")
    return dict(main.recipe)


@router.get("/{video_id}/lineage")
def read_lineage(studio: Here, account: Videos, video_id: str) -> Lineage:
    """The videos from which this one was made, the nearest first; `known` is false for one that is gone."""
    line: list[Ancestor] = []
    seen: set[str] = set()
    job = studio.engine.job(video_id, account.id)
    while job.parent_id is not None and job.parent_id not in seen:
        seen.add(job.parent_id)
        parent = parent_of(studio, job)
        line.append({"id": job.parent_id, "known": parent is not None, "video": None if parent is None else to_video(parent)})
        if parent is None:
            break
        job = parent
    return {"object": "lineage", "id": video_id, "ancestors": line}


@router.post("/{video_id}/cancel")
def cancel_video(studio: Here, account: Videos, video_id: str) -> VideoObject:
    """Stops it; nothing is charged. Cancelling twice is no error."""
    return to_video(studio.engine.cancel(video_id, account.id))


@router.post("/{video_id}/pause")
def pause_video(studio: Here, account: Videos, video_id: str) -> VideoObject:
    """Pauses it at its next step."""
    return to_video(studio.engine.pause(video_id, account.id))


@router.post("/{video_id}/resume")
def resume_video(studio: Here, account: Videos, video_id: str) -> VideoObject:
    """Goes on with a paused one."""
    return to_video(studio.engine.resume(video_id, account.id))


def accepted(jobs: list[Job]) -> VideoObject:
    """The first of several takes as it was accepted, with the ids of all."""
    first = to_video(as_accepted(jobs[0]))
    if len(jobs) > 1:
        first["takes"] = [job.id for job in jobs]
    return first


def shown(studio: Studio, job: Job) -> VideoObject:
    """A job with what its files tell, when it has some."""
    return to_video(job, studio.engine.outputs(job.id, job.account_id) if job.state == "completed" else None)


def parent_of(studio: Studio, job: Job) -> Job | None:
    """The video that ``job`` was made from, unless it is gone."""
    try:
        return studio.engine.job(job.parent_id or "", job.account_id)
    except JobNotFound:
        return None


def poll_after_ms(studio: Studio) -> int:
    """Milliseconds after which asking again is worth while: more when many wait, for then none of them is done soon."""
    waiting = studio.load.waiting(studio.engine.database, studio.clock())
    return POLL_MS if waiting < MANY_WAIT else BUSY_POLL_MS
