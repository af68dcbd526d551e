"""What each editing route takes, as Pydantic records; ``schemas`` has what they share."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from misora.studio.schemas import MAX_PROMPT, Media, Prompt, Sampling, Seconds


class EditBody(Sampling):
    """What every edit takes."""

    prompt: Annotated[Prompt | None, Field(description="What the new frames show; left out, the clip's own caption.")] = None


class Change(EditBody):
    """How much of a clip changes, when and where."""

    strength: Annotated[float | str, Field(description="subtle, mild, strong, or a number from 0 to 1.")] = "mild"
    start: Annotated[float | None, Field(ge=0, description="Seconds from which it may change.")] = None
    end: Annotated[float | None, Field(gt=0, description="Seconds until which it may change.")] = None
    box: Annotated[list[int] | None, Field(min_length=4, max_length=4, description="left, top, right, bottom in pixels.")] = None
    mask: Annotated[Media, Field(description="A picture or clip, white where it may change.")] = None
    player: Annotated[str | None, Field(max_length=200, description="Somebody in the clip, who is found and masked.")] = None


class RemixBody(Change):
    """``POST /v1/videos/{video_id}/remix``."""

    prompt: Prompt


class VideoEditBody(RemixBody):
    """``POST /v1/videos/edits``."""

    video: Media


class ExtensionBody(EditBody):
    """``POST /v1/videos/extensions``."""

    video: Media
    seconds: Annotated[Seconds, Field(description="How much is added.")] = 4.0
    backward: Annotated[bool, Field(description="Add before the clip instead of after it.")] = False


class FillBody(EditBody):
    """``POST /v1/videos/fills``."""

    video: Media
    start: Annotated[float, Field(ge=0)]
    end: Annotated[float, Field(gt=0)]


class ConnectionBody(EditBody):
    """``POST /v1/videos/connections``."""

    videos: Annotated[list[Media], Field(min_length=2, max_length=2)]
    seconds: Annotated[Seconds, Field(description="Length of what is made between the two.")] = 1.0


class LoopBody(EditBody):
    """``POST /v1/videos/loops``."""

    video: Media
    length: Annotated[float | str, Field(description="short, normal, long, or seconds.")] = "normal"


class BlendBody(EditBody):
    """``POST /v1/videos/blends``."""

    videos: Annotated[list[Media], Field(min_length=2, max_length=2)]
    curve: Annotated[
        Literal["transition", "mix", "sample"] | list[tuple[float, float]],
        Field(description="A name, or points [seconds, influence of the second clip]."),
    ] = "transition"


class RecutBody(EditBody):
    """``POST /v1/videos/recuts``."""

    videos: Annotated[list[Media], Field(min_length=1, max_length=16)]
    pieces: Annotated[
        list[Annotated[str, Field(max_length=MAX_PROMPT)]],
        Field(min_length=1, max_length=256, description="START-END, START-, 2/START-END, gap:SECONDS or gap:SECONDS:CAPTION."),
    ]


class ReframeBody(EditBody):
    """``POST /v1/videos/reframes``."""

    video: Media
    size: Annotated[str | None, Field(description="WIDTHxHEIGHT; or `aspect`, one of them.")] = None
    aspect: Annotated[str | None, Field(description="As 9:16: the smallest size of it that holds the clip.")] = None


class RestyleBody(EditBody):
    """``POST /v1/videos/restyles``."""

    video: Media
    strength: Annotated[float | str, Field(description="subtle, mild, strong, or a number from 0 to 1.")] = "subtle"
    preset: Annotated[str | None, Field(description="Name of a style preset; or a `prompt`, or both.")] = None


class StoryboardBody(Sampling):
    """``POST /v1/videos/storyboards``."""

    storyboard: Annotated[str | dict[str, Any], Field(description="In the format misora/storyboard/1, as an object or as text.")]
    media: Annotated[dict[str, Media], Field(default_factory=dict, max_length=64, description="Its cards' images and clips by name.")]
