"""Clips of many windows: how far they stray from their own beginning, and whether a character that leaves comes back as itself.

Long clips are drawn frame by frame and only the stretches that are measured are kept, so that a minute takes no more memory than they do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from misora.base.canvas import Canvas, Frames, Quality, Span
from misora.base.shapes import VideoShape, frames_for
from misora.evaluation.motion import flicker, motion_size
from misora.evaluation.prompts import EvaluationPrompt
from misora.models.parser.model import Parser
from misora.models.parser.reading import most_likely
from misora.pipelines.adherence import check_clip
from misora.pipelines.native import NativePipeline
from misora.world.captions import Actor, Story, canonical_caption, story_of, tell
from misora.world.cast import load_cast
from misora.world.program import Action, Camera, CameraMove, Direction, Film

STRETCH = 2.0
"""Seconds of each stretch that is measured."""
STEADY_MEASURES = ("sharpness", "contrast", "flicker", "motion")
LOOKS = ("sharpness", "contrast")
"""Those of them that stay while the camera follows somebody past other trees and hills."""
IN_PLACE = frozenset({Action.STAND, Action.JUMP, Action.SPIN, Action.BOUNCE})
"""Actions that can go on for a minute: whoever walks is gone after seconds."""
WALKED = 0.2
"""View heights a second that somebody walks whom the camera follows."""
LEAVING, AWAY, RETURNED = 2.5, 3.5, 6.0
"""Seconds of a clip at which its character should have left, begins to come back, and at which it ends."""


def staying(prompts: Sequence[EvaluationPrompt], count: int) -> list[EvaluationPrompt]:
    """The first ``count`` prompts with one player that stays in place under a camera that does not move."""
    return [
        prompt
        for prompt in prompts
        if len(prompt.story.actors) == 1 and prompt.story.actors[0].action in IN_PLACE and prompt.story.camera is CameraMove.STATIC
    ][:count]


def followed(prompt: EvaluationPrompt, seconds: float) -> EvaluationPrompt:
    """The first player of ``prompt`` alone, walking through its place for ``seconds``, and a camera that follows."""
    scene = prompt.scene
    first = replace(scene.players[0], action=Action.WALK, direction=Direction.RIGHT, x=0.0, speed=WALKED)
    walking = replace(scene, players=(first,), seconds=seconds, camera=Camera(CameraMove.FOLLOW))
    story = story_of(walking, load_cast())
    return replace(prompt, caption=canonical_caption(walking, prompt.language), stories=(story,), film=Film((walking,)))


def measure_long(
    pipeline: NativePipeline, judge: Parser, prompt: EvaluationPrompt, shape: VideoShape, moments: Sequence[float], quality: Quality
) -> dict[str, float]:
    """``measure_stretches`` of the clip that is made of ``prompt``."""
    canvas = Canvas(lasting(shape, max(moments)), (Span(prompt.caption),), seed=prompt.number, quality=quality)
    return measure_stretches(pipeline.iter_frames(canvas), judge, prompt, shape, moments)


def lasting(shape: VideoShape, seconds: float) -> VideoShape:
    """``shape`` for so many seconds."""
    return replace(shape, num_frames=frames_for(seconds, shape.fps))


def measure_stretches(
    pieces: Iterator[Frames], judge: Parser, prompt: EvaluationPrompt, shape: VideoShape, moments: Sequence[float]
) -> dict[str, float]:
    """Measures of the first two seconds of one clip and of the two that end at each of ``moments``, as ``sharpness@20`` and so on."""
    ends = sorted({STRETCH, *moments})
    stretches = take_stretches(pieces, [(end - STRETCH, end) for end in ends], shape.fps)
    found: dict[str, float] = {}
    for end, frames in zip(ends, stretches, strict=True):
        checks = check_clip(prompt.story, judge.read(frames, shape.fps))
        values = {**steadiness(frames, shape.fps), "colour": colour_off(frames, stretches[0])}
        values["right"] = sum(check.right for check in checks) / len(checks)
        found |= {f"{name}@{end:g}": round(value, 6) for name, value in values.items()}
    return found


def steadiness(frames: Frames, fps: float) -> dict[str, float]:
    """What should not change from the beginning of a long clip to its end, by name."""
    grey = frames.astype(np.float32).mean(-1)
    return {
        "sharpness": float(np.abs(np.diff(grey, axis=2)).mean()),
        "contrast": float(grey.std(axis=(1, 2)).mean()),
        "flicker": flicker(frames),
        "motion": motion_size(frames, fps),
    }


def colour_off(frames: Frames, first: Frames) -> float:
    """How far the mean colour is from that of ``first``, in grey levels of 255."""
    one, other = (clip.astype(np.float32).mean((0, 1, 2)) for clip in (frames, first))
    return float(np.abs(one - other).mean())


def change_at(record: dict[str, float], moment: float, measures: Sequence[str] = STEADY_MEASURES) -> float:
    """The largest relative change of ``measures`` from the first two seconds to ``moment``; 0.1 is a tenth more or less."""
    pairs = [(record[f"{name}@{moment:g}"], record[f"{name}@{STRETCH:g}"]) for name in measures]
    return max(abs(late / max(early, 1e-6) - 1) for late, early in pairs)


def take_stretches(pieces: Iterator[Frames], times: Sequence[tuple[float, float]], fps: float) -> list[Frames]:
    """The frames between each of ``times`` (seconds) of a clip that comes in ``pieces``; nothing else is kept."""
    ranges = [(round(start * fps), round(end * fps)) for start, end in times]
    kept: list[list[Frames]] = [[] for _ in ranges]
    position = 0
    for piece in pieces:
        for (first, stop), some in zip(ranges, kept, strict=True):
            part = piece[max(first - position, 0) : max(stop - position, 0)]
            if len(part):
                some.append(part.copy())
        position += len(piece)
    return [np.concatenate(some) for some in kept]


def measure_return(
    pipeline: NativePipeline, judge: Parser, prompt: EvaluationPrompt, shape: VideoShape, quality: Quality
) -> dict[str, float]:
    """Whether the first character of ``prompt`` is read as one and the same before it leaves and after it is back, 0 or 1.

    ``as_asked`` says whether it is also the one that was asked for; ``gone`` whether nobody was seen between.
    """
    leaves, enters = returning(prompt)
    spans = (Span(tell(leaves, prompt.language), 0, AWAY), Span(tell(enters, prompt.language), AWAY))
    canvas = Canvas(lasting(shape, RETURNED), spans, seed=prompt.number, quality=quality)
    times = [(0, STRETCH), (LEAVING, AWAY), (RETURNED - STRETCH, RETURNED)]
    before, between, after = (judge.read(frames, shape.fps) for frames in take_stretches(pipeline.iter_frames(canvas), times, shape.fps))
    who = [most_likely(reading.players[0].character) if reading.players else None for reading in (before, after)]
    wanted = leaves.actors[0].character.id
    return {
        "same": float(who[0] is not None and who[0] == who[1]),
        "as_asked": float(who == [wanted, wanted]),
        "gone": float(not between.players),
    }


def returning(prompt: EvaluationPrompt) -> tuple[Story, Story]:
    """The first character of ``prompt``, alone in its place: it leaves to the right, and comes back from there."""
    actor, story = prompt.story.actors[0], prompt.story
    return tuple(  # type: ignore[return-value]  # two of them
        Story((Actor(actor.character, action, direction),), story.place, story.time, CameraMove.STATIC)
        for action, direction in ((Action.LEAVE, Direction.RIGHT), (Action.ENTER, Direction.LEFT))
    )
