"""Held-out prompts of the full tier: films of one or two shots, in any of its places, weathers, hours and colours.

Players, motions and camera moves are those that the judge has names for. What a caption leaves unsaid is not asked; what it says is
checked shot by shot.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from misora.base.shapes import VideoShape
from misora.evaluation.prompts import LANGUAGES, MOVING_CAMERA, EvaluationPrompt
from misora.world.captions import Actor, Story
from misora.world.cast import load_cast
from misora.world.colours import OWN_COLOUR
from misora.world.directing import MIN_SHOT_SECONDS, Directing, sample_film
from misora.world.light import SHELTERED
from misora.world.program import Camera, CameraMove, Direction, Film, Place, Player, Scene, Time, Weather
from misora.world.telling import Fact, tell_film
from misora.world.tier import FULL, SMALL

TWO_SHOTS = 1 / 3
"""Share of prompts with a cut, where a clip is long enough for one."""
PAINTED = 0.4
"""Share of prompts in which somebody is painted, where the cast can be."""
SEARCHES = 2000


def held_out_films(count: int, shape: VideoShape, characters: Sequence[str], seed: int = 2026) -> list[EvaluationPrompt]:
    """The first ``count`` prompts of the full tier's list for clips of ``shape``, with players from ``characters``."""
    prompts = []
    for number in range(count):
        film = draw_held_out_film(characters, shape, random.Random(f"evaluation/full/{seed}/{number}"))
        language = LANGUAGES[number % len(LANGUAGES)]
        telling = tell_film(film, language, "full")
        stories = tuple(story_of_shot(scene, index, telling.facts) for index, scene in enumerate(film.shots))
        prompts.append(EvaluationPrompt(number, telling.text, language, stories, film, cuts=len(film.shots) - 1))
    return prompts


def draw_held_out_film(characters: Sequence[str], shape: VideoShape, rng: random.Random) -> Film:
    """A film that leads with a reserved triple and that the judge can read; every weather comes as often as the others."""
    cast = load_cast("full")
    known = [cast[character] for character in characters if character in cast]
    shots = 2 if rng.random() < TWO_SHOTS and shape.seconds >= 2 * MIN_SHOT_SECONDS else 1
    painted = rng.random() < PAINTED and any(character.recolours for character in known)
    directing = Directing(known, shape.width / shape.height, shape.seconds, shots, held_out=True)
    weather, moving = rng.choice(FULL.weathers), rng.random() < MOVING_CAMERA
    found = None
    for _ in range(SEARCHES):
        film = sample_film(directing, rng)
        if not all(map(is_readable, film.shots)):
            continue
        found = film
        if len(film.shots) == shots and any(player.colour for player in film.shots[0].players) == painted:
            break
    if found is None:
        raise RuntimeError(f"no film in {SEARCHES} draws is one that the judge can read; the cast of {len(known)} leaves too few")
    return Film(tuple(under(weather, scene, moving=moving) for scene in found.shots))


def is_readable(scene: Scene) -> bool:
    """Whether the judge has names for what all players do, and can tell them apart."""
    players = scene.players
    plain = all(player.action in SMALL.actions and not player.then for player in players)
    return plain and len(players) <= SMALL.max_players and len({player.character for player in players}) == len(players)


def under(weather: Weather, scene: Scene, *, moving: bool) -> Scene:
    """``scene`` in ``weather``, where it has any, its camera still unless it is ``moving`` in a way that the judge knows."""
    still = not moving or scene.camera.move not in SMALL.camera_moves
    return replace(
        scene,
        weather=Weather.CLEAR if scene.place in SHELTERED else weather,
        camera=Camera(CameraMove.STATIC) if still else scene.camera,
    )


def story_of_shot(scene: Scene, number: int, facts: Sequence[Fact]) -> Story:
    """What the caption, whose claims are ``facts``, says of shot ``number``."""
    here = [fact for fact in facts if fact.shot == number]
    one = {fact.kind: fact.value for fact in here if not fact.players}
    told = [index for fact in here if fact.kind == "player" for index in fact.players]
    relations = [fact for fact in here if not fact.value and set(fact.players) <= set(told)]
    return Story(
        actors=tuple(_actor(scene.players[index], {fact.kind for fact in here if index in fact.players}) for index in told),
        place=Place(one["place"]) if "place" in one else None,
        time=Time(one["time"]) if "time" in one else None,
        camera=CameraMove(one["camera"]) if "camera" in one else None,
        relations=tuple((fact.kind, told.index(fact.players[0]), told.index(fact.players[1])) for fact in relations),
        weather=Weather(one["weather"]) if "weather" in one else None,
    )


def _actor(player: Player, said: set[str]) -> Actor:
    return Actor(
        load_cast("full")[player.character],
        player.action,
        player.direction if "direction" in said else Direction.NONE,
        (player.colour or OWN_COLOUR) if "colour" in said else "",
    )
