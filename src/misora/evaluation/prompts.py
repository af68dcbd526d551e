"""Held-out prompts: scenes whose (character, action, place) triples training refuses to draw, told in English and Chinese by turns.

The same seed gives the same prompts everywhere. Each prompt comes with its scene program, so that the stage can render what
a perfect model would show: that is the ceiling of every measure.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from misora.base.shapes import VideoShape
from misora.world.captions import Language, Story, canonical_caption, story_of
from misora.world.cast import load_cast
from misora.world.casting import Casting, is_held_out, sample_scene
from misora.world.program import CameraMove, Film, Place, Scene
from misora.world.tier import SMALL

LANGUAGES: tuple[Language, ...] = ("en", "zh")
MOVING_CAMERA = 0.25
"""Share of prompts that ask for a camera move; the stage draws fewer."""
TWO_PLAYERS = 0.3
SEARCHES = 400


@dataclass(frozen=True, slots=True)
class EvaluationPrompt:
    """One prompt.

    Args:
        number: Its place in the list, and the seed of its clip.
        caption: What the model is given, every fact said.
        stories: The facts to check, shot by shot.
        film: A program that shows them.
        cuts: How often the picture cuts; None where that is not asked, as in the small tier.
    """

    number: int
    caption: str
    language: Language
    stories: tuple[Story, ...]
    film: Film
    cuts: int | None = None

    @property
    def scene(self) -> Scene:
        """The first shot."""
        return self.film.shots[0]

    @property
    def story(self) -> Story:
        """What is asked of the first shot."""
        return self.stories[0]


def held_out_prompts(count: int, shape: VideoShape, characters: Sequence[str], seed: int = 2026) -> list[EvaluationPrompt]:
    """The first ``count`` prompts of the list for clips of ``shape``, with players from ``characters``."""
    cast = load_cast()
    prompts = []
    for number in range(count):
        rng = random.Random(f"evaluation/{seed}/{number}")
        scene = draw_held_out(characters, shape, rng)
        language = LANGUAGES[number % len(LANGUAGES)]
        prompts.append(EvaluationPrompt(number, canonical_caption(scene, language), language, (story_of(scene, cast),), Film((scene,))))
    return prompts


def draw_held_out(characters: Sequence[str], shape: VideoShape, rng: random.Random) -> Scene:
    """A held-out scene; every action comes as often as the others, and a quarter of the cameras move."""
    casting = Casting(
        characters,
        aspect=shape.width / shape.height,
        height=shape.height,
        seconds=shape.seconds,
        second_player=TWO_PLAYERS,
        held_out=True,
        places=tuple(place for place in SMALL.places if has_held_out(characters, place)),
    )
    action, moving = rng.choice(SMALL.actions), rng.random() < MOVING_CAMERA
    for _ in range(SEARCHES):
        scene = sample_scene(casting, rng)
        if scene.players[0].action is action and (scene.camera.move is not CameraMove.STATIC) == moving:
            break
    return scene


def has_held_out(characters: Sequence[str], place: Place) -> bool:
    """Whether any of ``characters`` has a held-out action in ``place``; a small cast may have none there."""
    return any(is_held_out(character, action, place) for character in characters for action in SMALL.actions)


def all_held_out(scene: Scene) -> bool:
    """Whether training could never have drawn any of the scene's triples."""
    return all(is_held_out(player.character, player.action, scene.place) for player in scene.players)
