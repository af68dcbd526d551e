"""Frames and truth agree with the program and with each other."""

import dataclasses

import numpy as np
import pytest
import torch

from misora.base.shapes import VideoShape
from misora.world.assets import toy_atlas
from misora.world.compositing import Window
from misora.world.light import light_of
from misora.world.program import Action, Camera, CameraMove, Direction, Place, Player, Scene, Time
from misora.world.render import Renderer

SHAPE = VideoShape(5, 64, 96, 8)


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(toy_atlas(("dog", "cat")))


def scene(**changes: object) -> Scene:
    player = Player("dog", Action.WALK, Direction.RIGHT, size=0.4, x=-0.2, ground=0.15, speed=0.5, phase=0.0)
    program = Scene(3, Place.MEADOW, Time.DAY, 0.5, 0.1, 1.0, (player,), Camera(CameraMove.STATIC))
    return dataclasses.replace(program, **changes)  # type: ignore[arg-type]


def test_shapes_and_types(renderer: Renderer) -> None:
    rendering = renderer.render(scene(), SHAPE)
    assert rendering.frames.shape == (5, 64, 96, 3)
    assert rendering.frames.dtype == rendering.instance.dtype == torch.uint8
    assert rendering.velocity.shape == (1, 5, 2)


def test_same_program_same_pixels(renderer: Renderer) -> None:
    assert torch.equal(renderer.render(scene(), SHAPE).frames, renderer.render(scene(), SHAPE).frames)


@pytest.mark.parametrize("place", list(Place))
@pytest.mark.parametrize("time", list(Time))
def test_every_place_and_time_paints_something_of_its_own(renderer: Renderer, place: Place, time: Time) -> None:
    frames = renderer.render(scene(place=place, time=time), VideoShape(1, 64, 96, 8)).frames.float()
    assert frames.std() > 8
    other = renderer.render(
        scene(place=Place.CITY if place is not Place.CITY else Place.SNOW, time=time), VideoShape(1, 64, 96, 8)
    ).frames.float()
    assert (frames - other).abs().mean() > 4


def test_night_is_darker_than_day(renderer: Renderer) -> None:
    day, night = (renderer.render(scene(time=time), SHAPE).frames.float().mean() for time in (Time.DAY, Time.NIGHT))
    assert night < 0.6 * day
    assert light_of(Place.BEACH, Time.NIGHT).stars > 0


def test_the_mask_moves_as_the_velocity_says(renderer: Renderer) -> None:
    rendering = renderer.render(scene(), SHAPE)
    columns = torch.arange(96).float()
    centres = [float((mask.sum(0) * columns).sum() / mask.sum()) for mask in rendering.instance == 1]
    assert np.diff(centres) == pytest.approx(rendering.velocity[0, :-1, 0].numpy(), abs=0.8)


def test_the_mask_is_where_the_picture_differs_from_the_empty_stage(renderer: Renderer) -> None:
    rendering = renderer.render(scene(), SHAPE)
    far_away = dataclasses.replace(scene().players[0], x=-9.0)
    empty = renderer.render(scene(players=(far_away,)), SHAPE)
    assert not (empty.instance > 0).any()
    changed = (rendering.frames.float() - empty.frames.float()).abs().amax(-1) > 12
    inside = rendering.instance > 0
    assert (changed & inside).sum() > 0.85 * inside.sum()


def test_the_nearer_player_hides_the_farther_one(renderer: Renderer) -> None:
    far = Player("cat", Action.STAND, Direction.NONE, 0.4, 0.0, 0.3, 0.0, 0.0)
    near = dataclasses.replace(far, character="dog", ground=0.25)
    both = renderer.render(scene(players=(near, far)), SHAPE)
    alone = renderer.render(scene(players=(far,)), SHAPE)
    assert (both.instance == 2).sum() < 0.5 * (alone.instance == 1).sum()
    assert both.depth.tolist() == [0, 1]


def test_shadows_fall_away_from_the_sun(renderer: Renderer) -> None:
    player = Player("dog", Action.STAND, Direction.NONE, 0.4, 0.0, 0.3, 0.0, 0.0)
    shape = VideoShape(1, 128, 192, 8)
    still = scene(time=Time.SUNSET, players=(player,))
    sides = {}
    for sun_x in (-0.5, 0.5):
        frames = renderer.render(dataclasses.replace(still, sun_x=sun_x), shape).frames.float().mean(-1)[0]
        empty = (
            renderer.render(dataclasses.replace(still, sun_x=sun_x, players=(dataclasses.replace(player, x=9.0),)), shape)
            .frames.float()
            .mean(-1)[0]
        )
        darker = (empty - frames).clamp(min=0)[128 - int(0.29 * 128) :]
        sides[sun_x] = float((darker.sum(0) * torch.arange(192)).sum() / darker.sum()) - 96
    assert sides[-0.5] > 2
    assert sides[0.5] < -2


@pytest.mark.parametrize("camera", [CameraMove.STATIC, CameraMove.PAN_LEFT, CameraMove.ZOOM_IN])
def test_a_window_is_that_part_of_the_whole(renderer: Renderer, camera: CameraMove) -> None:
    program = scene(camera=Camera(camera, 0.2))
    whole, part = renderer.render(program, SHAPE), renderer.render(program, SHAPE, Window(16, 24, 32, 40))
    difference = (whole.frames[:, 16:48, 24:64].float() - part.frames.float()).abs()
    assert difference.max() <= 1
    assert torch.equal(whole.instance[:, 16:48, 24:64], part.instance)


def test_a_player_that_leaves_is_gone_from_the_mask(renderer: Renderer) -> None:
    player = dataclasses.replace(scene().players[0], action=Action.LEAVE, speed=3.0)
    rendering = renderer.render(scene(players=(player,)), VideoShape(9, 64, 96, 8))
    assert rendering.instance[0].any()
    assert not rendering.instance[-1].any()
