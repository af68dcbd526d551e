"""What each route answers, as typed dictionaries: mypy holds the routes to them, FastAPI checks every answer and documents it.

A key that is not here, or one of another type, is a fault of ours and ends in a 500 instead of misleading a client.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict

Status = Literal["queued", "in_progress", "completed", "failed"]
EXACT = ConfigDict(extra="forbid")


@with_config(EXACT)
class VideoError(TypedDict):
    """Why a video ended without frames."""

    code: str
    message: str


@with_config(EXACT)
class VideoObject(TypedDict):
    """A video; the keys from ``state`` on are ours."""

    id: str
    object: Literal["video"]
    model: str
    status: Status
    progress: int
    created_at: int
    completed_at: int | None
    expires_at: int | None
    prompt: str | None
    size: str
    seconds: str
    remixed_from_video_id: str | None
    error: VideoError | None
    state: str
    stage: str
    kind: str
    fps: float
    seed: int | None
    credits: int
    lane: str
    caption: NotRequired[str | None]
    takes: NotRequired[list[str]]


@with_config(EXACT)
class Deleted(TypedDict):
    """What is gone."""

    id: str
    object: str
    deleted: Literal[True]


@with_config(EXACT)
class Estimate(TypedDict):
    """What a video would cost, and in which lane it would wait."""

    object: Literal["estimate"]
    credits: int
    lane: str


@with_config(EXACT)
class Ancestor(TypedDict):
    """A video from which another was made; None when it is gone."""

    id: str
    known: bool
    video: VideoObject | None


@with_config(EXACT)
class Lineage(TypedDict):
    """Where a video comes from, the nearest first."""

    object: Literal["lineage"]
    id: str
    ancestors: list[Ancestor]


Origin = Literal["made_here", "claims_misora", "unknown"]


@with_config(EXACT)
class Verification(TypedDict):
    """What a file tells of its origin; ``video`` only where it is the caller's own."""

    object: Literal["verification"]
    created_at: int
    sha256: str
    media_type: str
    width: int
    height: int
    num_frames: int
    origin: Origin
    video: str | None
    recipe: dict[str, Any] | None
    proves: list[str]
    cannot_prove: list[str]


@with_config(EXACT)
class FileObject(TypedDict):
    """An upload; the keys from ``media_type`` on are ours."""

    id: str
    object: Literal["file"]
    bytes: int
    created_at: int
    filename: str
    purpose: str
    status: Literal["processed"]
    expires_at: int | None
    media_type: str
    width: int | None
    height: int | None
    num_frames: int | None
    fps: float | None


@with_config(EXACT)
class PartInfo(TypedDict):
    """A part that is here."""

    id: str
    bytes: int
    sha256: str


@with_config(EXACT)
class UploadObject(TypedDict):
    """An upload in parts; ``parts`` is ours."""

    id: str
    object: Literal["upload"]
    bytes: int
    filename: str
    purpose: str
    status: Literal["pending", "completed", "cancelled", "expired"]
    created_at: int
    expires_at: int
    file: FileObject | None
    parts: NotRequired[list[PartInfo]]


@with_config(EXACT)
class PartObject(TypedDict):
    """A part that was just kept."""

    id: str
    object: Literal["upload.part"]
    created_at: int
    upload_id: str


@with_config(EXACT)
class CharacterObject(TypedDict):
    """A character."""

    id: str
    object: Literal["character"]
    created_at: int
    name: str


@with_config(EXACT)
class Still(TypedDict):
    """A picture; ``id`` is ours."""

    b64_json: str
    id: str
    revised_prompt: str | None


@with_config(EXACT)
class Stills(TypedDict):
    """The answer to ``images.generate``."""

    created: int
    data: list[Still]
    output_format: Literal["png"]


@with_config(EXACT)
class Amounts(TypedDict):
    """Of credits or videos in a pot."""

    granted: int
    charged: int
    held: int
    left: int


@with_config(EXACT)
class PotObject(TypedDict):
    """What a period grants."""

    period: str
    credits: Amounts
    videos: Amounts


@with_config(EXACT)
class Credits(TypedDict):
    """Everything that an account has."""

    object: Literal["credits"]
    plan: str
    pots: list[PotObject]


@with_config(EXACT)
class ModelObject(TypedDict):
    """A name that the model answers to."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


@with_config(EXACT)
class Health(TypedDict):
    """That the server is well."""

    status: Literal["ok"]
    version: str


@with_config(EXACT)
class EndpointObject(TypedDict):
    """A webhook endpoint; its secret only when it is new."""

    id: str
    object: Literal["webhook_endpoint"]
    name: str
    url: str
    event_types: list[str]
    signing_secret_hint: str
    signing_secret: NotRequired[str]
    created_at: int
    updated_at: int


@with_config(EXACT)
class TrialResult(TypedDict):
    """What an endpoint answered to an event about no video."""

    object: Literal["webhook_endpoint.test"]
    webhook_endpoint_id: str
    event_type: str
    status_code: int
    success: Literal[True]


@with_config(EXACT)
class DeliveryObject(TypedDict):
    """An event for an endpoint and what became of it."""

    event_id: str
    state: Literal["waiting", "delivered", "dead"]
    attempts: int
    due_at: int
    status_code: int | None
    error: str | None


@with_config(EXACT)
class Page(TypedDict):
    """What every list has; ``last_id`` is where the next page goes on."""

    object: Literal["list"]
    first_id: str | None
    last_id: str | None
    has_more: bool


@with_config(EXACT)
class VideoPage(Page):
    data: list[VideoObject]


@with_config(EXACT)
class FilePage(Page):
    data: list[FileObject]


@with_config(EXACT)
class EndpointPage(Page):
    data: list[EndpointObject]


@with_config(EXACT)
class Listing(TypedDict):
    """A list that is always whole."""

    object: Literal["list"]


@with_config(EXACT)
class ModelList(Listing):
    data: list[ModelObject]


@with_config(EXACT)
class EventTypeList(Listing):
    data: list[str]


@with_config(EXACT)
class DeliveryList(Listing):
    data: list[DeliveryObject]


RecipeObject = dict[str, Any]
"""A recipe is a format of its own, which ``base.recipe`` has."""
