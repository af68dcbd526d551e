"""Finds a scene for a prompt: draws actions as training does until they are those asked for, then puts in who, where and when."""

from __future__ import annotations

import random
from dataclasses import replace

from misora.base.errors import InputError
from misora.world.casting import Casting, sample_scene
from misora.world.lexicon import load_lexicon
from misora.world.program import Camera, CameraMove, Direction, Scene
from misora.world.readings import Reading

MAX_DRAWS = 20_000
CAMERA_AMOUNT = 0.15
"""View heights or log-zoom a second, for a camera move that was asked for."""


def scene_for(prompt: str, casting: Casting, rng: random.Random) -> Scene:
    """A scene of what ``prompt`` names; what it leaves open is drawn. Raises InputError when the stage has no such scene."""
    reading = load_lexicon().read(prompt)
    if reading.is_empty:
        raise InputError(f"prompt={prompt!r} names nothing of the stage; `misora world list` prints what there is", field="prompt")
    wanted = [name for name in reading.mentioned if name in casting.characters][:2]
    casting = replace(casting, second_player=1.0 if len(wanted) == 2 else 0.0)
    for _ in range(MAX_DRAWS):
        scene = sample_scene(casting, rng)
        if acts_as_told(scene, reading):
            return dressed(scene, reading, wanted)
    raise InputError(
        f"prompt={prompt!r}: no scene of the stage shows that; ask for one or two characters and one action each", field="prompt"
    )


def acts_as_told(scene: Scene, reading: Reading) -> bool:
    """Whether the players do what the first events say, each in its direction."""
    asked = [event for event in reading.events for _ in event.characters or ("",)][: len(scene.players)]
    pairs = list(zip(scene.players, asked, strict=False))
    return all(player.action is event.action and event.direction in (Direction.NONE, player.direction) for player, event in pairs)


def dressed(scene: Scene, reading: Reading, wanted: list[str]) -> Scene:
    """``scene`` with the characters, place, time and camera that were named."""
    names = [*wanted, *(player.character for player in scene.players[len(wanted) :])]
    players = tuple(replace(player, character=name) for player, name in zip(scene.players, names, strict=False))
    return replace(
        scene,
        players=players,
        place=(*reading.places, scene.place)[0],
        time=(*reading.times, scene.time)[0],
        camera=camera_for(reading.cameras[0]) if reading.cameras else scene.camera,
    )


def camera_for(move: CameraMove) -> Camera:
    """A camera that makes ``move`` at a usual rate."""
    return Camera(move, 0.0 if move in (CameraMove.STATIC, CameraMove.FOLLOW) else CAMERA_AMOUNT)
