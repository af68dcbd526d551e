"""A storyboard becomes a film, and a story or a finished clip becomes a storyboard."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Unpack

import numpy as np

from misora.api.edit import (
    Choices,
    Options,
    PreparedEdit,
    choices_from,
    clips_notes,
    preset_for,
    sampled_for,
    start_edit,
    telling_of,
)
from misora.api.request import SEED_BITS, quality_in_use, rewrite_as
from misora.api.sources import ClipSource, read_source, recipe_in
from misora.api.video import Video
from misora.base.errors import InputError, WeightsError
from misora.base.progress import silent
from misora.base.recipe import RecipeInput
from misora.base.settings import load_settings
from misora.editing.footage import makeable_rate, makeable_size
from misora.editing.scene import Scene, Telling
from misora.editing.shot_detection import find_cuts
from misora.editing.storyboard.drafting import draft_from_clip
from misora.editing.storyboard.file import read_storyboard
from misora.editing.storyboard.records import Storyboard
from misora.editing.storyboard.shoot import Shoot
from misora.media.decode import iter_frames, read_video
from misora.media.grade import NEUTRAL
from misora.media.probe import MediaInfo, probe
from misora.prompting.presets import Preset
from misora.prompting.rewriter import Rewrite


def storyboard(source: str | os.PathLike[str] | Storyboard, **options: Unpack[Options]) -> Video:
    """The film of a storyboard.

    Args:
        source: A YAML or JSON file, or the record; the record's files are found from the current folder, a file's from its own.
        options: As in ``edit``; ``seed``, ``steps``, ``guidance`` and ``negative_prompt`` win over the storyboard's own.
    Raises:
        InputError: An entry, or a file that a card names, cannot be used.
    """
    board = source if isinstance(source, Storyboard) else read_storyboard(Path(source))
    folder = Path() if isinstance(source, Storyboard) else Path(source).parent
    prepared = prepare_storyboard(board, folder, choices_from(None, options))
    return start_edit(prepared, progress=options.get("progress") or silent).collect()


def prepare_storyboard(board: Storyboard, folder: Path, choices: Choices) -> PreparedEdit:
    """Reads the cards' files, rewrites their texts and compiles the plan; no network is loaded for it."""
    return prepare_shoot(board, [folder / name for name in board.media], choices)


def prepare_shoot(board: Storyboard, sources: Sequence[ClipSource], choices: Choices) -> PreparedEdit:
    """The same with the cards' files given, in the order of ``board.media``."""
    media = [read_source(source) for source in sources]
    readings: list[Rewrite] = []
    prompt = board.title or board.first_text or "storyboard"
    preset = preset_for(board, choices)
    captioned = board.rewritten(recording(readings, choices.rewrite_prompt, preset)).with_numbered_media()
    steps = board.steps if choices.steps is None else choices.steps
    guidance = board.guidance if choices.guidance is None else choices.guidance
    negative = choices.negative_prompt or board.negative
    unseen = negative or next((card.negative for card in board.cards if card.negative), "")
    scene = Scene(
        readings[0].text if readings else prompt,
        next((seed for seed in (choices.seed, board.seed) if seed is not None), secrets.randbits(SEED_BITS)),
        steps,
        guidance,
        negative,
        quality=quality_in_use(choices.quality, steps, guidance, unseen),
        planned=choices.planned,
    )
    tool = Shoot(captioned)
    plan = tool.compile([one.footage for one in media], scene).noted(clips_notes(media))
    inputs = tuple(RecipeInput(one.sha256, role="card") for one in media)
    name, grade = (preset.name, preset.grade) if preset else ("", NEUTRAL)
    return PreparedEdit(prompt, tool, scene, plan, together(readings), inputs, name, grade, sampled_for(plan, choices))


def recording(readings: list[Rewrite], asked: bool | str, preset: Preset | None) -> Callable[[str], Telling]:
    """Reads each text into ``readings``; what it returns is the caption."""

    def read(text: str) -> Telling:
        readings.append(rewrite_as(asked, text, preset))
        return telling_of(readings[-1])

    return read


def together(readings: list[Rewrite]) -> Rewrite:
    """One account of all cards' texts."""
    return Rewrite(
        readings[0].text if readings else "",
        readings[0].language if readings else "en",
        unknown_words=tuple(dict.fromkeys(word for one in readings for word in one.unknown_words)),
        added=tuple(dict.fromkeys(phrase for one in readings for phrase in one.added)),
        replaced=tuple(dict.fromkeys(pair for one in readings for pair in one.replaced)),
        dropped=tuple(dict.fromkeys(phrase for one in readings for phrase in one.dropped)),
        excluded=tuple(dict.fromkeys(phrase for one in readings for phrase in one.excluded)),
        note=next((one.note for one in readings if one.note), ""),
    )


def storyboard_from_clip(clip: str | os.PathLike[str]) -> tuple[Storyboard, str]:
    """A finished clip as editable cards, one for each shot, and a sentence on where their texts come from.

    Raises:
        InputError: The file is no clip.
    """
    path = Path(clip)
    info = probe(path)
    if info.kind == "image":
        raise InputError(f"{path.name} is a picture, not a clip; write a card with it as image", field="from")
    cuts = find_cuts(iter_frames(path))
    texts, said = texts_for(path, info, cuts)
    height, width = makeable_size(info.height, info.width)
    board = draft_from_clip(path.name, cuts, texts, info.num_frames, info.fps, height=height, width=width)
    return replace(board, fps=makeable_rate(info.fps)), said


def texts_for(path: Path, info: MediaInfo, cuts: Sequence[int]) -> tuple[list[str], str]:
    """What each shot shows, by the critic, else by the clip's own recipe, else nothing; and a sentence that says which."""
    from misora.pipelines.critic import load_critic
    from misora.pipelines.retelling import retell

    settings = load_settings()
    try:
        critic = load_critic(settings.weights, settings.device)
    except WeightsError:
        recipe = recipe_in(info.metadata)
        if recipe is not None and not cuts:
            return [recipe.caption], "the text is the caption in the clip's own recipe; there is no critic to read the frames"
        return [""] * (len(cuts) + 1), "the texts are empty: there is no critic to read the frames; write what is seen"
    clip = read_video(path)
    shots = np.split(clip.frames, cuts)
    return [retell(critic, shot, clip.fps) for shot in shots], "the texts are the critic's reading of each shot; empty ones it is unsure of"
