"""A clip is edited, in this process: read, compiled to a plan, made part by part, and its parents written into the recipe."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypedDict

from misora.api.generate import Generation, Preview, new_keeper, recipe_for, resident_pipeline
from misora.api.request import SEED_BITS, quality_in_use, rewrite_as, sampled_size_in_use
from misora.api.residency import resident
from misora.api.sources import ClipSource, Sourced, read_source
from misora.base.canvas import Canvas, Frames
from misora.base.errors import InputError
from misora.base.parts import NO_PARTS, Parts, PartsOf
from misora.base.progress import Progress, Step, silent
from misora.base.recipe import RecipeInput
from misora.base.settings import Settings, load_settings
from misora.base.tail import digest_of_latents
from misora.editing.footage import Footage
from misora.editing.masks import to_picture
from misora.editing.plan import Plan, assemble
from misora.editing.recut import Recut
from misora.editing.remix import Remix
from misora.editing.restyle import Restyle
from misora.editing.scene import Scene, Telling
from misora.editing.storyboard.records import Storyboard
from misora.editing.tool import Tool, to_data
from misora.media.grade import NEUTRAL, Grade, grade_frames
from misora.prompting.preset_shelf import PresetShelf
from misora.prompting.presets import Preset
from misora.prompting.rewriter import Rewrite

if TYPE_CHECKING:
    from misora.pipelines.native import NativePipeline
    from misora.pipelines.tail import TailKeeper


@dataclass(frozen=True, slots=True)
class Choices:
    """How an edit is sampled and what its new frames show; the fields mean what those of ``Request`` mean.

    Args:
        prompt: None is the caption in the first clip's own recipe.
        preset: A style for the whole result, by name or made by hand; only ``restyle`` takes one, since it keeps no frame as it was.
    """

    prompt: str | None = None
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    negative_prompt: str = ""
    rewrite_prompt: bool | str = True
    preset: str | Preset | None = None
    native: bool = False
    quality: str | None = None
    planned: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class PreparedEdit:
    """An edit ready to be made.

    Args:
        rewrite: What became of the prompt.
        inputs: Parents by digest, in the order of the tool's clips.
        preset: Name of the style preset, empty for none; its ``grade`` is laid over the finished frames.
        sampled: (height, width) at which new frames are sampled, where they do not go on from latents; None is the plan's own size.
    """

    prompt: str
    tool: Tool
    scene: Scene
    plan: Plan
    rewrite: Rewrite
    inputs: tuple[RecipeInput, ...]
    preset: str = ""
    grade: Grade = NEUTRAL
    sampled: tuple[int, int] | None = None

    @property
    def last_canvas_frames(self) -> int:
        """Frames of the canvas that the result ends with."""
        return self.plan.canvases[-1].shape.num_frames

    @property
    def last_sampled(self) -> tuple[int, int] | None:
        """(height, width) at which that canvas is sampled; None is its own size."""
        return self.plan.sampled(self.sampled).canvases[-1].sampled


class Options(TypedDict, total=False):
    """Keyword arguments that every editing function takes beside its own: what ``Choices`` holds, and ``progress``."""

    seed: int | None
    steps: int | None
    guidance: float | None
    negative_prompt: str
    rewrite: bool | str
    native: bool
    quality: str | None
    plan: bool
    progress: Progress | None


def choices_from(prompt: str | None, options: Options) -> Choices:
    """The choices among an editing function's keyword arguments."""
    return Choices(
        prompt,
        options.get("seed"),
        options.get("steps"),
        options.get("guidance"),
        options.get("negative_prompt", ""),
        options.get("rewrite", True),
        native=options.get("native", False),
        quality=options.get("quality"),
        planned=options.get("plan", True),
    )


def prepare_edit(tool: Tool, sources: Sequence[ClipSource], choices: Choices) -> PreparedEdit:
    """Reads the clips and compiles the plan; raises InputError for the first thing that cannot be used, before any network is loaded."""
    check_count(tool, len(sources))
    preset = find_preset(tool, choices)
    clips = [read_source(source) for source in sources]
    prompt, read = caption_for(choices, clips[0], preset)
    if isinstance(tool, Recut):
        tool = tool.rewritten(lambda text: telling_of(rewrite_as(choices.rewrite_prompt, text)))
    scene = Scene(
        read.text,
        secrets.randbits(SEED_BITS) if choices.seed is None else choices.seed,
        choices.steps,
        choices.guidance,
        choices.negative_prompt,
        read.beats,
        quality=quality_in_use(choices.quality, choices.steps, choices.guidance, choices.negative_prompt),
        planned=choices.planned,
    )
    plan = tool.compile(materials(tool, [clip.footage for clip in clips]), scene).noted(clips_notes(clips))
    inputs = tuple(RecipeInput(clip.sha256, role=role) for clip, role in zip(clips, tool.roles, strict=False)) + pasts(plan)
    name, grade = (preset.name, preset.grade) if preset else ("", NEUTRAL)
    return PreparedEdit(prompt, tool, scene, plan, read, inputs, name, grade, sampled_for(plan, choices))


def clips_notes(clips: Sequence[Sourced]) -> tuple[str, ...]:
    """What is to be said of how the clips were read, each once."""
    return tuple(dict.fromkeys(note for clip in clips for note in clip.notes))


def sampled_for(plan: Plan, choices: Choices) -> tuple[int, int] | None:
    """At which size new frames are sampled."""
    return None if choices.native else sampled_size_in_use(plan.shape)


def pasts(plan: Plan) -> tuple[RecipeInput, ...]:
    """The latents that the plan goes on from, by digest."""
    return tuple(RecipeInput(digest_of_latents(canvas.past), role="latents") for canvas in plan.canvases if canvas.past is not None)


def find_preset(tool: Tool, choices: Choices) -> Preset | None:
    """The preset that was asked for; raises InputError for a tool that promises to keep frames as they were."""
    if isinstance(tool, Restyle) and choices.preset is None and choices.prompt is None:
        raise InputError("preset and prompt are missing; name a look, for example preset film-noir", field="preset")
    if choices.preset is not None and not isinstance(tool, Restyle):
        raise InputError(f"{tool.name} keeps frames as they were and takes no preset; use restyle", field="preset")
    if choices.preset is None or isinstance(choices.preset, Preset):
        return choices.preset
    return PresetShelf(load_settings().presets).get(choices.preset)


def preset_for(board: Storyboard, choices: Choices) -> Preset | None:
    """The style of the film; raises InputError where a card promises to keep a clip as it was."""
    wanted = choices.preset or board.preset
    if not wanted:
        return None
    kept = next((number for number, card in enumerate(board.cards) if card.clip is not None and card.strength == 1), None)
    if kept is not None:
        raise InputError(
            f"cards[{kept}] keeps its clip as it was, and a preset changes every frame; give it a strength below 1, for example 0.9,"
            " or leave the preset out",
            field=f"cards[{kept}].strength",
        )
    return wanted if isinstance(wanted, Preset) else PresetShelf(load_settings().presets).get(wanted)


def materials(tool: Tool, clips: Sequence[Footage]) -> list[Footage]:
    """The clips that the tool compiles: those given, and a mask of whoever it names."""
    if not isinstance(tool, Remix) or tool.player is None:
        return list(clips)
    if len(clips) > 1:
        raise InputError("player and mask are both given; choose one", field="player")
    from misora.pipelines.critic import load_critic
    from misora.pipelines.player_mask import find_player

    settings = load_settings()
    critic = resident("critic", settings, ("critic",), lambda: load_critic(settings.weights, settings.device))
    where = find_player(critic, clips[0].frames, clips[0].fps, tool.player)
    return [*clips, Footage(to_picture(where), clips[0].fps)]


def check_count(tool: Tool, given: int) -> None:
    """Raises InputError unless the tool takes so many clips."""
    fewest, most = tool.num_clips
    if not fewest <= given <= most:
        wanted = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        raise InputError(f"{tool.name} takes {wanted} clip{'s' * (most > 1)}, {given} given", field="clips")


def caption_for(choices: Choices, first: Sourced, preset: Preset | None = None) -> tuple[str, Rewrite]:
    """The prompt and how the model reads it: what was asked for, else what the first clip says it shows."""
    if choices.prompt is not None:
        if not choices.prompt.strip():
            raise InputError("prompt is empty; say what the new frames show, or leave it out to go on as before", field="prompt")
        return choices.prompt, rewrite_as(choices.rewrite_prompt, choices.prompt, preset)
    if first.recipe is None:
        raise InputError(
            f"prompt is missing, and {first.name} carries no recipe to take one from; say what the new frames show", field="prompt"
        )
    if preset is not None:
        return first.recipe.prompt, rewrite_as(choices.rewrite_prompt, first.recipe.prompt, preset)
    return first.recipe.prompt, Rewrite(first.recipe.caption, "en")


def telling_of(read: Rewrite) -> Telling:
    """A rewritten text as editing takes it."""
    return Telling(read.text, read.beats)


def start_edit(
    prepared: PreparedEdit,
    *,
    progress: Progress = silent,
    preview: Preview | None = None,
    settings: Settings | None = None,
    parts: Parts = NO_PARTS,
) -> Generation:
    """Loads the networks and begins; frames are computed as they are drawn from the result, but for the ``parts`` that were kept."""
    settings = settings or load_settings()
    pipeline = resident_pipeline(settings)
    plan = prepared.plan.sampled(prepared.sampled)
    recipe = recipe_for(
        replace(prepared.scene.canvas(plan.shape, ()), sampled=prepared.sampled),
        pipeline,
        settings,
        prompt=prepared.prompt,
        inputs=prepared.inputs,
        preset=prepared.preset,
        grade=prepared.grade,
        edit=to_data(prepared.tool),
        made_of=plan.canvases,
    )
    keeper = new_keeper() if plan.ends_made and prepared.grade == NEUTRAL else None
    frames = assemble(plan, maker(pipeline, plan, progress, preview, keeper, parts))
    return Generation(prepared, recipe, grade_frames(frames, prepared.grade, fps=recipe.shape.fps, seed=recipe.seed), keeper)


def maker(
    pipeline: NativePipeline,
    plan: Plan,
    progress: Progress,
    preview: Preview | None,
    keeper: TailKeeper | None = None,
    parts: Parts = NO_PARTS,
) -> Callable[[Canvas], Iterator[Frames]]:
    """Makes the plan's canvases one after another, reports their steps as those of one job and keeps their parts by number."""
    canvases = plan.canvases
    numbers = {id(canvas): number for number, canvas in enumerate(canvases)}

    def make(canvas: Canvas) -> Iterator[Frames]:
        number = numbers[id(canvas)]
        report = silent if progress is silent else lambda step: progress(in_all(step, number, len(canvases)))
        its_keeper = keeper if number == len(canvases) - 1 else None
        return pipeline.iter_frames(canvas, report, preview, its_keeper, PartsOf(parts, f"canvas {number}"))

    return make


def in_all(step: Step, number: int, count: int) -> Step:
    """A step of the ``number``-th of ``count`` canvases as one of the whole, as if all were as long."""
    return Step(step.stage, number * step.total + step.done, count * step.total)
