"""Truth maps of the full tier agree with the picture and with the program."""

import random
from dataclasses import replace

import numpy as np
import pytest
import torch

from misora.base.shapes import VideoShape
from misora.world.assets import toy_atlas
from misora.world.cast import load_cast
from misora.world.compositing import Layer, Window, composite
from misora.world.directing import Directing, sample_film
from misora.world.program import Action, Camera, CameraMove, Direction, Film, Place, Player, Scene, Time, Weather
from misora.world.render import Renderer, shot_lengths

IDS = ("dog", "cat", "car", "ball", "duck", "bird")
SHAPE = VideoShape(9, 96, 160, 8)


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(toy_atlas(IDS))


def player(character: str = "ball", action: Action = Action.STAND, direction: Direction = Direction.NONE, **more: object) -> Player:
    fields = {"size": 0.3, "x": 0.0, "ground": 0.2, "speed": 0.4, "phase": 0.0, **more}
    return Player(character, action, direction, **fields)  # type: ignore[arg-type]


def scene(*players: Player, **more: object) -> Scene:
    fields = {"place": Place.ROOM, "weather": Weather.CLEAR, "camera": Camera(CameraMove.STATIC), **more}
    return Scene(seed=3, time=Time.DAY, horizon=0.5, sun_x=0.1, seconds=1.2, players=players, tier="full", **fields)  # type: ignore[arg-type]


def centres(mask: torch.Tensor) -> np.ndarray:
    """Middle of a bool mask (T, H, W) in each frame, (T, 2): right, down."""
    rows, columns = (torch.arange(size).float() for size in mask.shape[1:])
    area = mask.sum((1, 2)).clamp(min=1)
    return torch.stack([(mask.sum(1) * columns).sum(1) / area, (mask.sum(2) * rows).sum(1) / area], 1).numpy()


@pytest.mark.parametrize("move", list(CameraMove))
def test_masks_move_as_the_velocities_say_under_every_camera(renderer: Renderer, move: CameraMove) -> None:
    camera = Camera(move, {CameraMove.STATIC: 0.0, CameraMove.FOLLOW: 0.0, CameraMove.SHAKE: 0.02}.get(move, 0.1))
    rendering = renderer.render(scene(player("cat", Action.WALK, Direction.RIGHT, x=-0.2), camera=camera), SHAPE)
    moved = np.diff(centres(rendering.instance == 1)[:, 0])
    assert moved == pytest.approx(rendering.velocity[0, :-1, 0].numpy(), abs=1.0)


def test_a_rolling_ball_turns_in_the_picture(renderer: Renderer) -> None:
    rolling = renderer.render(scene(player("dog", Action.ROLL, Direction.RIGHT, x=-0.2)), SHAPE)
    sliding = renderer.render(scene(player("dog", Action.SLIDE, Direction.RIGHT, x=-0.2)), SHAPE)
    assert torch.equal(rolling.velocity, sliding.velocity)
    assert (rolling.frames[-1].float() - sliding.frames[-1].float()).abs().max() > 60, "the eye is elsewhere"
    assert centres(rolling.instance == 1)[:, 0] == pytest.approx(centres(sliding.instance == 1)[:, 0], abs=1.5)


def test_a_full_turn_is_the_upright_picture(renderer: Renderer) -> None:
    drawings = renderer.atlas.rgba[0]
    still = torch.tensor([40.0])
    layer = Layer(drawings, torch.zeros(1).long(), still, still, still / 2, still * 0.9, still * 0, None, (1.0, 1.0, 1.0), 1.0, 1)
    pictures = []
    for angle in (None, torch.tensor([2 * np.pi]), torch.tensor([np.pi])):
        image, instance = torch.zeros(1, 64, 80, 3, dtype=torch.uint8), torch.zeros(1, 64, 80, dtype=torch.uint8)
        composite(image, instance, replace(layer, angle=angle), Window(0, 0, 64, 80))
        pictures.append(image.int())
    assert (pictures[0] - pictures[1]).abs().max() <= 1
    assert (pictures[0] - pictures[2]).abs().max() > 60


def test_who_orbits_is_drawn_before_and_behind(renderer: Renderer) -> None:
    duo = scene(player("car", size=0.4), player("duck", Action.ORBIT, speed=0.8, partner=0, size=0.2))
    shape = VideoShape(33, 96, 160, 24)
    both = renderer.render(duo, shape).instance
    alone = renderer.render(replace(duo, players=(duo.players[0], replace(duo.players[1], partner=0, x=0.0))), shape).instance
    assert torch.equal(both, alone)
    hidden = [int((both[frame] == 2).sum()) for frame in range(33)]
    assert min(hidden) < 0.3 * max(hidden), "behind the car little of it is seen"


def test_a_painted_player_has_another_colour_and_the_same_mask(renderer: Renderer) -> None:
    own, painted = (renderer.render(scene(player("car", colour=colour)), SHAPE) for colour in ("", "blue"))
    assert torch.equal(own.instance, painted.instance)
    inside = own.instance == 1
    assert (own.frames[inside].float() - painted.frames[inside].float()).abs().mean() > 20


def test_water_mirrors_and_shadows_stay_on_the_shore(renderer: Renderer) -> None:
    afloat, ashore = scene(player("ball", ground=0.3), place=Place.LAKE), scene(player("ball", ground=0.08, size=0.2), place=Place.LAKE)
    empty = replace(afloat, players=(replace(afloat.players[0], x=9.0),))
    nobody = renderer.render(empty, SHAPE).frames[0].float()
    below = slice(int((1 - 0.3) * 96) + 2, int((1 - 0.15) * 96))
    mirrored = (renderer.render(afloat, SHAPE).frames[0].float() - nobody)[below]
    assert mirrored.abs().max() > 15
    assert mirrored.std(-1).max() > 5, "a reflection is coloured, a shadow is not"
    shore = renderer.render(ashore, SHAPE).frames[0].float() - nobody
    assert (shore[: int((1 - 0.3) * 96)]).abs().max() == 0


def test_films_are_as_long_as_asked_with_their_cuts_where_the_shots_change(renderer: Renderer) -> None:
    film = Film((scene(player()), scene(player("cat"), place=Place.SNOW), scene(player("dog"), place=Place.SPACE)))
    shots = renderer.render_film(film, VideoShape(25, 96, 160, 8))
    assert [len(shot.frames) for shot in shots] == shot_lengths(film, VideoShape(25, 96, 160, 8))
    frames = torch.cat([shot.frames for shot in shots]).float()
    assert len(frames) == 25
    changes = (frames[1:] - frames[:-1]).abs().mean((1, 2, 3))
    cuts = {len(shots[0].frames) - 1, len(shots[0].frames) + len(shots[1].frames) - 1}
    assert set(changes.topk(2).indices.tolist()) == cuts


def test_random_films_render_and_their_masks_name_their_players(renderer: Renderer) -> None:
    cast = load_cast("full")
    directing, rng = Directing([cast[name] for name in IDS], aspect=160 / 96, seconds=2.0), random.Random(1)
    for _ in range(4):
        film = sample_film(directing, rng)
        for shot, rendering in zip(film.shots, renderer.render_film(film, replace(SHAPE, num_frames=5)), strict=True):
            assert int(rendering.instance.max()) <= len(shot.players)
            assert rendering.velocity.shape[0] == len(shot.players)
            assert sorted(rendering.depth.tolist()) == list(range(len(shot.players)))
