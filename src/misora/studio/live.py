"""``/v1/videos/{id}/events``: a video while it is made, as server-sent events: its object at every change, and where its preview is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from misora.engine.service import JobNotFound
from misora.store.records import Account, Job
from misora.studio.doors import Here, Videos
from misora.studio.errors import Busy
from misora.studio.presenting import STATUS
from misora.studio.service import Studio
from misora.studio.videos import shown

router = APIRouter(prefix="/v1/videos", tags=["videos"])
LOOK_SECONDS, QUIET_LOOKS = 0.4, 40
"""Between two looks at the job, and looks without news after which a comment keeps the line open."""


@router.get("/{video_id}/events", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
def follow_video(studio: Here, account: Videos, video_id: str, request: Request) -> StreamingResponse:
    """Events `video` (the object), `preview` (where the latest picture is) and, at the end, `done`."""
    job = studio.engine.job(video_id, account.id)
    check_room(studio)
    request.state.seat.leave()
    return StreamingResponse(
        follow(studio, account, job, request),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def check_room(studio: Studio) -> None:
    """Raises Busy when as many requests wait as this server keeps waiting."""
    if studio.load.streams >= studio.options.max_streams:
        raise Busy(f"{studio.load.streams} requests wait for news, the most that this server keeps; poll the video instead")


async def follow(studio: Studio, account: Account, job: Job, request: Request) -> AsyncIterator[str]:
    """Events of a job until it has ended, is deleted, or nobody listens."""
    studio.load.streams += 1
    try:
        yield event("video", await run_in_threadpool(shown, studio, job), job.version)
        quiet = 0
        while STATUS[job.state] in ("queued", "in_progress") and not await request.is_disconnected():
            await asyncio.sleep(LOOK_SECONDS)
            newer = await run_in_threadpool(studio.engine.job, job.id, account.id)
            quiet = 0 if newer.version != job.version else quiet + 1
            if newer.version != job.version:
                job = newer
                yield event("video", await run_in_threadpool(shown, studio, job), job.version)
                if job.state == "in_progress":
                    yield event("preview", {"url": f"/v1/videos/{job.id}/preview", "progress": job.progress}, job.version)
            elif quiet % QUIET_LOOKS == QUIET_LOOKS - 1:
                yield ": still here\n\n"
        yield event("done", {"id": job.id, "status": STATUS[job.state]}, job.version)
    except JobNotFound:
        yield event("done", {"id": job.id, "status": "deleted"}, job.version)
    finally:
        studio.load.streams -= 1


def event(name: str, data: Mapping[str, Any], number: int) -> str:
    """One event of a stream."""
    return f"id: {number}\nevent: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
