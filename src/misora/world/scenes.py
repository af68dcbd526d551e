"""Films of any tier by one call, and captions of them: what training needs of the stage's two ways to draw and to tell.

Knows which tier is drawn how, and nothing of either way.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass

from misora.world.captions import sample_caption
from misora.world.cast import load_cast
from misora.world.casting import Casting, sample_scene
from misora.world.directing import Directing, sample_film
from misora.world.program import Film, Scene
from misora.world.telling import sample_telling
from misora.world.tier import SMALL


@dataclass(frozen=True, slots=True)
class Draw:
    """What to draw.

    Args:
        tier: "small" or "full".
        characters: Ids to choose players from; those that the tier does not know are passed over.
        aspect: Width over height of the canvas.
        height: Its pixels; the small tier sizes its players by them.
        seconds: Length of the clip.
        second_player: Chance of a second player, in the small tier; the full one has plots instead.
        max_shots: Most shots, in the full tier.
        held_out: Only reserved (character, action, place) triples (True), or never one (False).
    """

    tier: str
    characters: Sequence[str]
    aspect: float = 1.0
    height: int = 256
    seconds: float = 2.0
    second_player: float = 0.2
    max_shots: int = 1
    held_out: bool = False


def draw_film(draw: Draw, rng: random.Random) -> Film:
    """A film of ``draw.max_shots`` shots at most; the small tier's have one."""
    if draw.tier == SMALL.name:
        casting = Casting(
            draw.characters,
            aspect=draw.aspect,
            height=draw.height,
            seconds=draw.seconds,
            second_player=draw.second_player,
            held_out=draw.held_out,
        )
        return Film((sample_scene(casting, rng),))
    cast = load_cast(draw.tier)
    known = [cast[character] for character in draw.characters if character in cast]
    return sample_film(Directing(known, draw.aspect, draw.seconds, draw.max_shots, draw.held_out), rng)


def draw_scene(draw: Draw, rng: random.Random) -> Scene:
    """The first shot of such a film."""
    return draw_film(draw, rng).shots[0]


def tell(film: Film, rng: random.Random) -> str:
    """A caption of ``film`` in a language, detail and wording drawn as for training."""
    if film.shots[0].tier == SMALL.name:
        return sample_caption(film.shots[0], rng)[0]
    return sample_telling(film, rng).text


def read_program(text: str) -> Film:
    """A program as it was kept: a film, or a scene alone as the small tier's are."""
    return Film.from_json(text) if "shots" in json.loads(text) else Film((Scene.from_json(text),))


def program_text(film: Film) -> str:
    """``film`` as ``read_program`` takes it; the small tier's as the scene that it is."""
    return film.shots[0].to_json() if film.shots[0].tier == SMALL.name else film.to_json()


def shown(film: Film, start: float, end: float) -> Film:
    """The shots that can be seen between ``start`` and ``end``, in seconds; at least one."""
    begins, shots = 0.0, []
    for shot in film.shots:
        if begins <= end and begins + shot.seconds > start:
            shots.append(shot)
        begins += shot.seconds
    return Film(tuple(shots) or film.shots[-1:])
