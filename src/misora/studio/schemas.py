"""What each route takes, as Pydantic records: they check types, bound lengths, and write the OpenAPI document.

Values arrive typed (JSON) or as text (forms); both are taken. Limits of size, length and plan are the engine's to check.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema
from pydantic_core import ErrorDetails

from misora.base.errors import InputError

B = TypeVar("B", bound=BaseModel)
MAX_PROMPT = 32_000

Media = Annotated[
    Any,
    WithJsonSchema(
        {
            "description": "A file part of a form, or an object with exactly one of these, or an id.",
            "anyOf": [
                {"type": "string", "description": "Id of a video or of an uploaded file."},
                {
                    "type": "object",
                    "properties": {name: {"type": "string"} for name in ("id", "file_id", "image_url", "video_url")},
                    "maxProperties": 1,
                    "minProperties": 1,
                },
            ],
        }
    ),
]  # fmt: skip
"""A picture or clip in any of the forms that ``intake`` understands."""

Prompt = Annotated[str, Field(min_length=1, max_length=MAX_PROMPT, description="What is seen, in English or Chinese.")]
Seconds = Annotated[float, Field(gt=0, le=60, description="Length; a number or its text.")]


class Body(BaseModel):
    """A request body; a field that it does not have is an error, for a silently ignored one would be a surprise."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, defer_build=True)


class Sampling(Body):
    """How anything is sampled; none of it was in the API that this one takes the place of."""

    seed: Annotated[int | None, Field(ge=0, lt=2**63, description="The same seed gives the same frames.")] = None
    steps: Annotated[int | None, Field(ge=1, le=200, description="Denoising steps.")] = None
    guidance: Annotated[float | None, Field(ge=0, le=30, description="How closely to follow the prompt; 1 is off.")] = None
    negative_prompt: Annotated[str | None, Field(max_length=MAX_PROMPT, description="What should not be seen.")] = None
    rewrite_prompt: Annotated[bool | None, Field(description="Whether a short prompt is expanded; the result is `caption`.")] = None
    quality: Annotated[str | None, Field(max_length=80, description="`turbo`, the distilled model, or `base`, the many-step one.")] = None
    planned: Annotated[bool | None, Field(description="Whether who is where is planned before it is painted; without it, yes.")] = None


class Frame(Body):
    """A picture or clip that is seen at a time."""

    media: Media
    seconds: Annotated[float | Literal["end"], Field(description="When its first frame is seen; `end` is the end of the video.")] = 0.0
    strength: Annotated[float, Field(ge=0, le=1, description="1 is never touched.")] = 1.0


class CharacterName(Body):
    """A character by its id."""

    id: str


class VideoBody(Sampling):
    """``POST /v1/videos``."""

    prompt: Prompt
    model: str | None = None
    seconds: Seconds | None = None
    size: Annotated[str | None, Field(description="WIDTHxHEIGHT in pixels, each 64 to 2048.")] = None
    input_reference: Annotated[Media, Field(description="The picture or clip that the video begins with.")] = None
    resolution: Annotated[str | None, Field(description="240p, 360p, 480p, 720p or 1080p, with `aspect`, instead of `size`.")] = None
    aspect: Annotated[str | None, Field(description="16:9, 9:16, 1:1, 4:3 or 3:4.")] = None
    fps: Annotated[float | None, Field(ge=8, le=60)] = None
    preset: Annotated[str | None, Field(description="Name of a style preset.")] = None
    last_frame: Annotated[Media, Field(description="The picture that the video ends with.")] = None
    keyframes: Annotated[list[Frame], Field(max_length=64, description="Pictures or clips at their times.")] = []
    characters: Annotated[list[CharacterName], Field(max_length=8, description="Characters made before, by id.")] = []
    n: Annotated[int, Field(ge=1, le=8, description="Takes, each with a seed of its own.")] = 1


EventType = Literal["video.completed", "video.failed"]
EventTypes = Annotated[list[EventType], Field(min_length=1, max_length=2, description="What it wants to hear of.")]
EndpointName = Annotated[str, Field(min_length=1, max_length=120, description="What people call it.")]
Address = Annotated[str, Field(min_length=1, max_length=2048, description="A public http or https URL.")]


class EndpointBody(Body):
    """``POST /v1/webhook_endpoints``."""

    name: EndpointName
    url: Address
    event_types: EventTypes


class EndpointChange(Body):
    """``POST /v1/webhook_endpoints/{endpoint_id}``."""

    name: EndpointName | None = None
    url: Address | None = None
    event_types: EventTypes | None = None


class RotationBody(Body):
    """A new secret for an endpoint."""

    keep_old_secret_active_for_24_hours: Annotated[bool, Field(description="Whether the old one signs too for a day.")] = False


class TrialBody(Body):
    """An event that is sent to try an endpoint."""

    event_type: EventType


class ImageBody(Sampling):
    """``POST /v1/images/generations``."""

    prompt: Prompt
    model: str | None = None
    n: Annotated[int, Field(ge=1, le=8)] = 1
    size: Annotated[str | None, Field(description="WIDTHxHEIGHT, or `auto`.")] = None
    resolution: str | None = None
    aspect: str | None = None
    preset: str | None = None
    output_format: Literal["png"] = "png"
    response_format: Annotated[Literal["b64_json"], Field(description="Pictures come inside the answer.")] = "b64_json"
    user: str | None = None


class CharacterBody(Body):
    """``POST /v1/videos/characters``."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    video: Media


class FileBody(Body):
    """``POST /v1/files``."""

    file: Annotated[Any, WithJsonSchema({"type": "string", "format": "binary"})]
    purpose: Annotated[str, Field(max_length=40)] = "user_data"
    expires_after: Any = None


class VerifyBody(Body):
    """``POST /v1/videos/verify``."""

    file: Annotated[Any, WithJsonSchema({"type": "string", "format": "binary"})]


class UploadBody(Body):
    """``POST /v1/uploads``."""

    bytes: Annotated[int, Field(gt=0, description="Of the whole file.")]
    filename: Annotated[str, Field(min_length=1, max_length=255)]
    mime_type: Annotated[str, Field(max_length=120, description="Taken for the client's sake; the bytes themselves say what they are.")]
    purpose: Annotated[str, Field(max_length=40)] = "user_data"
    expires_after: Any = None


class PartBody(Body):
    """``POST /v1/uploads/{upload_id}/parts``."""

    data: Annotated[Any, WithJsonSchema({"type": "string", "format": "binary"})]


class CompletionBody(Body):
    """``POST /v1/uploads/{upload_id}/complete``."""

    part_ids: Annotated[list[str], Field(min_length=1, max_length=1000, description="Every part, in the order of the file.")]
    md5: Annotated[str | None, Field(pattern="^[0-9a-fA-F]{32}$", description="Of the whole file.")] = None


def parse(kind: type[B], data: dict[str, Any]) -> B:
    """``data`` as the record ``kind``; raises InputError that names the first field at fault, the rule and the value."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise to_input_error(error.errors(include_url=False)[0], data, kind) from None


def to_input_error(fault: ErrorDetails, data: dict[str, Any], kind: type[BaseModel]) -> InputError:
    """One sentence on what Pydantic found."""
    steps = [str(step) for step in fault["loc"]]
    name = ".".join(step for step in steps if not step.startswith(("constrained-", "function-"))) or "body"
    if fault["type"] == "missing":
        return InputError(f"{name} is missing; it is needed here", field=name)
    if fault["type"] == "extra_forbidden":
        return InputError(f"{name[:80]} is not a field here; {suggestion(name, kind)}", field=name[:80])
    return InputError(f"{name}={shown(value_at(fault['loc'], data))} cannot be used: {rule_of(fault)}", field=name)


def rule_of(fault: Any) -> str:
    """The rule in words, and the nearest value that keeps it where there is one."""
    said = str(fault["msg"][:1].lower() + fault["msg"][1:])
    bounds = fault.get("ctx", {})
    nearest = bounds.get("le", bounds.get("ge"))
    return said if nearest is None else f"{said}; nearest: {nearest:g}"


def suggestion(name: str, kind: type[BaseModel]) -> str:
    """The field that was probably meant, or all of them."""
    close = get_close_matches(name, kind.model_fields, n=1)
    return f"nearest: {close[0]}" if close else f"the fields are {', '.join(kind.model_fields)}"


def value_at(loc: tuple[int | str, ...], data: Any) -> Any:
    """What the client sent there, as deep as the path can be followed; the rest of it names alternatives of a type."""
    for step in loc:
        try:
            data = data[step]
        except (LookupError, TypeError):
            continue
    return data


def shown(value: Any) -> str:
    """A value short enough for a message."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:60]}… ({len(text)} characters)"
