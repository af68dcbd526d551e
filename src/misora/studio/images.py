"""``/v1/images/generations``: a still, which the client waits for; it goes through the same queue as everything else."""

from __future__ import annotations

import asyncio
import base64
import time

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from misora.base.errors import InputError, MisoraError, Refused
from misora.store.records import Account, Job
from misora.studio import accepting
from misora.studio.answers import Still, Stills
from misora.studio.doors import Here, Videos
from misora.studio.errors import Busy, NotFound
from misora.studio.live import check_room
from misora.studio.openapi import Sent, sends
from misora.studio.presenting import STATUS, error_of
from misora.studio.schemas import ImageBody, parse
from misora.studio.service import Studio

router = APIRouter(prefix="/v1/images", tags=["images"])
LOOK_SECONDS = 0.25


@router.post("/generations", openapi_extra=sends(ImageBody, {"prompt": "a rocket on the moon", "size": "512x512"}))
async def generate_images(studio: Here, account: Videos, sent: Sent, request: Request) -> Stills:
    """Makes stills and answers when they are done; a client that leaves cancels them."""
    check_room(studio)
    jobs = await run_in_threadpool(lambda: accepting.place(studio, accepting.order_image(studio, account, parse(ImageBody, sent))))
    request.state.seat.leave()
    studio.load.streams += 1
    try:
        pictures = [await run_in_threadpool(picture_of, studio, await ended(studio, account, job, request)) for job in jobs]
    except BaseException:
        await asyncio.shield(run_in_threadpool(cancel_all, studio, jobs))
        raise
    finally:
        studio.load.streams -= 1
    return {"created": int(jobs[0].created_at), "data": pictures, "output_format": "png"}


async def ended(studio: Studio, account: Account, job: Job, request: Request) -> Job:
    """The job when it has ended; raises Busy when that takes longer than this server waits."""
    deadline = time.monotonic() + studio.options.image_seconds
    while STATUS[job.state] in ("queued", "in_progress"):
        if time.monotonic() > deadline or await request.is_disconnected():
            raise Busy(f"the picture is not done after {studio.options.image_seconds:g} s; ask again, or use a smaller size")
        await asyncio.sleep(LOOK_SECONDS)
        job = await run_in_threadpool(studio.engine.job, job.id, account.id)
    return job


def picture_of(studio: Studio, job: Job) -> Still:
    """One entry of the answer; raises what became of a job that has no picture."""
    if job.state != "completed":
        raise became_of(job)
    outputs = studio.engine.outputs(job.id, job.account_id)
    if "image" not in outputs:
        raise NotFound(f"{job.id} has no picture any more")
    asset = outputs["image"]
    encoded = base64.b64encode(studio.engine.open_asset(asset).read_bytes()).decode("ascii")
    return {"b64_json": encoded, "id": job.id, "revised_prompt": (asset.recipe or {}).get("caption")}


def became_of(job: Job) -> MisoraError:
    """A failed job as the error that the request ends with."""
    error = error_of(job) or {"code": "failed", "message": "it could not be made"}
    if job.state == "blocked":
        return Refused(error["message"], category="unavailable" if error["code"] == "moderation_unavailable" else "blocked")
    return InputError(error["message"]) if error["code"] == "invalid_request" else Busy(error["message"])


def cancel_all(studio: Studio, jobs: list[Job]) -> None:
    """Cancels what has not ended; nobody waits for it any more."""
    for job in jobs:
        try:
            studio.engine.cancel(job.id, job.account_id)
        except MisoraError:
            continue
