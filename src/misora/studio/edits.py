"""The editing tools over HTTP: the three that the closed API had (remix, edits, extensions), and those it never had.

Each route is a body that becomes a tool record of ``editing``; what follows is the same for all.
"""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter

from misora.base.errors import InputError
from misora.editing.blend import Blend
from misora.editing.connect import Connect
from misora.editing.extend import Extend
from misora.editing.fill import Fill
from misora.editing.loop import Loop, parse_length
from misora.editing.recut import Recut, parse_piece
from misora.editing.reframe import Reframe
from misora.editing.remix import Remix, parse_strength
from misora.editing.restyle import Restyle
from misora.editing.storyboard.file import parse_storyboard
from misora.editing.storyboard.shoot import Shoot
from misora.editing.tool import Tool
from misora.store.records import Account, Asset
from misora.studio import accepting
from misora.studio.answers import VideoObject
from misora.studio.doors import Here, Videos
from misora.studio.edit_schemas import (
    BlendBody,
    Change,
    ConnectionBody,
    EditBody,
    ExtensionBody,
    FillBody,
    LoopBody,
    RecutBody,
    ReframeBody,
    RemixBody,
    RestyleBody,
    StoryboardBody,
    VideoEditBody,
)
from misora.studio.intake import Intake
from misora.studio.openapi import Sent, sends
from misora.studio.schemas import parse
from misora.studio.service import Studio
from misora.studio.videos import Key, accepted

router = APIRouter(prefix="/v1/videos", tags=["edits"])
VIDEO = {"id": "video_0193c5"}
STORY = {
    "format": "misora/storyboard/1",
    "cards": [{"at": 0, "text": "a dog runs on the beach"}, {"at": 3, "clip": "dog.mp4", "transition": "cut"}],
}


@router.post("/{video_id}/remix", openapi_extra=sends(RemixBody, {"prompt": "the same at night", "strength": "mild"}))
def remix_video(studio: Here, account: Videos, video_id: str, sent: Sent, idempotency_key: Key = None) -> VideoObject:
    """Makes a finished video again towards another prompt."""
    body = parse(RemixBody, sent)
    return submit(studio, account, remix(body), [Intake(studio, account).result(video_id)], body, idempotency_key)


@router.post("/edits", openapi_extra=sends(VideoEditBody, {"prompt": "the same in snow", "video": VIDEO}))
def edit_video(studio: Here, account: Videos, sent: Sent, idempotency_key: Key = None) -> VideoObject:
    """Remix of a video of the account or of an uploaded clip."""
    body = parse(VideoEditBody, sent)
    return submit(studio, account, remix(body), [Intake(studio, account).take(body.video, "video")], body, idempotency_key)


@router.post("/extensions", openapi_extra=sends(ExtensionBody, {"prompt": "the dog goes on", "video": VIDEO, "seconds": "4"}))
def extend_video(studio: Here, account: Videos, sent: Sent, idempotency_key: Key = None) -> VideoObject:
    """Adds seconds after a clip, or before it; the clip's own frames stay. `seconds` of the answer is the whole."""
    body = parse(ExtensionBody, sent)
    clips = [Intake(studio, account).take(body.video, "video")]
    return submit(studio, account, Extend(body.seconds, body.backward), clips, body, idempotency_key)


@router.post("/fills", openapi_extra=sends(FillBody, {"video": VIDEO, "start": 1.0, "end": 2.0}))
def fill_video(studio: Here, account: Videos, sent: Sent, idempotency_key: Key = None) -> VideoObject:
    """Makes the frames between two moments anew; all others stay."""
    body = parse(FillBody, sent)
    return submit(studio, account, Fill(body.start, body.end), [Intake(studio, account).take(body.video, "video")], body, idempotency_key)


@router.post("/connections", openapi_extra=sends(ConnectionBody, {"videos": [VIDEO, VIDEO], "seconds": 1.0}))
def connect_videos(studio: Here, account: Videos, sent: Sent, idempotency_key: Key = None) -> VideoObject:
    """Two clips with new frames between them."""
    body = parse(ConnectionBody, sent)
    return submit(studio, account, Connect(body.seconds), taken(studio, account, body.videos), body, idempotency_key)


@router.post("/loops", openapi_extra=sends(LoopBody, {"video": VIDEO, "length": "normal"}))
def loop_video(studio: Here, account: Videos, sent: Sent, idempotency_key: Key = None) -> VideoObject:
    """A way from a clip's end back to its beginning."""
    body = parse(LoopBody, sent)
    length = parse_length(body.length) if isinstance(body.length, str) else body.length
    return submit(studio, account, Loop(length), [Intake(studio, account).take(body.video, "video")], body, idempotency_key)


@router.post("/blends", openapi_extra=sends(BlendBody, {"videos": [VIDEO, VIDEO], "curve": [[0, 0], [1, 0.5], [2, 1]]}))
def blend_videos(studio: Here, account: Videos, sent: Sent, idempotency_key: Key = None) -> VideoObject:
    """Two clips as one, along a curve."""
    body = parse(BlendBody, sent)
    tool = Blend(body.curve if isinstance(body.curve, str) else tuple(body.curve))
    return submit(studio, account, tool, taken(studio, account, body.videos), body, idempotency_key)


@router.post("/recuts", openapi_extra=sends(RecutBody, {"videos": [VIDEO], "pieces": ["1-2", "gap:0.5:the dog jumps", "0-1"]}))
def recut_videos(studio: Here, account: Videos, sent: Sent, idempotency_key: Key = None) -> VideoObject:
    """Stretches of clips in a new order, with gaps that are made."""
    body = parse(RecutBody, sent)
    tool = Recut(tuple(parse_piece(piece) for piece in body.pieces))
    return submit(studio, account, tool, taken(studio, account, body.videos), body, idempotency_key)


@router.post("/reframes", openapi_extra=sends(ReframeBody, {"video": VIDEO, "aspect": "9:16"}))
def reframe_video(studio: Here, account: Videos, sent: Sent, idempotency_key: Key = None) -> VideoObject:
    """The clip on a larger canvas of another shape."""
    body = parse(ReframeBody, sent)
    tool = Reframe(body.size, body.aspect)
    return submit(studio, account, tool, [Intake(studio, account).take(body.video, "video")], body, idempotency_key)


@router.post("/restyles", openapi_extra=sends(RestyleBody, {"video": VIDEO, "preset": "film-noir"}))
def restyle_video(studio: Here, account: Videos, sent: Sent, idempotency_key: Key = None) -> VideoObject:
    """The whole clip in another look."""
    body = parse(RestyleBody, sent)
    strength = parse_strength(body.strength) if isinstance(body.strength, str) else body.strength
    return submit(studio, account, Restyle(strength), [Intake(studio, account).take(body.video, "video")], body, idempotency_key)


@router.post("/storyboards", openapi_extra=sends(StoryboardBody, {"storyboard": STORY, "media": {"dog.mp4": VIDEO}}))
def make_storyboard(studio: Here, account: Videos, sent: Sent, idempotency_key: Key = None) -> VideoObject:
    """The film of a storyboard; `seed`, `steps` and so on win over the storyboard's own."""
    body = parse(StoryboardBody, sent)
    text = body.storyboard if isinstance(body.storyboard, str) else json.dumps(body.storyboard)
    board = parse_storyboard(text)
    missing = [name for name in board.media if name not in body.media]
    if missing:
        raise InputError(f"a card shows {missing[0]!r}, and media holds no such name; add it", field="media")
    intake = Intake(studio, account)
    media = [intake.take(body.media[name], f"media.{name}") for name in board.media]
    order = accepting.order_edit(studio, account, Shoot(board.with_numbered_media()), media, body, key=idempotency_key)
    return accepted(accepting.place(studio, order))


def taken(studio: Studio, account: Account, videos: list[Any]) -> list[Asset]:
    """The files of several clips."""
    intake = Intake(studio, account)
    return [intake.take(video, f"videos.{number}") for number, video in enumerate(videos)]


def remix(body: Change) -> Remix:
    """The tool record of a change."""
    strength = parse_strength(body.strength) if isinstance(body.strength, str) else body.strength
    box = None if body.box is None else (body.box[0], body.box[1], body.box[2], body.box[3])
    return Remix(strength, body.start, body.end, box, body.player)


def submit(studio: Studio, account: Account, tool: Tool, clips: list[Asset], body: EditBody, key: str | None) -> VideoObject:
    """Accepts an edit; its parent is the video that the first clip is the result of."""
    if isinstance(body, Change) and body.mask is not None:
        clips = [*clips, Intake(studio, account).take(body.mask, "mask")]
    order = accepting.order_edit(studio, account, tool, clips, body, parent=clips[0].job_id, key=key)
    return accepted(accepting.place(studio, order))
