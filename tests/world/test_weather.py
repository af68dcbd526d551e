"""Weather changes the picture as it should, moves, wraps, and stays out of sheltered places."""

import dataclasses

import pytest
import torch

from misora.base.shapes import VideoShape
from misora.world.assets import toy_atlas
from misora.world.compositing import Window
from misora.world.light import SHELTERED, light_of
from misora.world.program import Action, Camera, CameraMove, Direction, Place, Player, Scene, Time, Weather
from misora.world.render import Renderer

SHAPE = VideoShape(9, 64, 96, 8)
STORMS = [weather for weather in Weather if weather is not Weather.CLEAR]


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(toy_atlas(("dog",)))


def scene(place: Place, weather: Weather) -> Scene:
    player = Player("dog", Action.STAND, Direction.NONE, 0.4, 0.0, 0.2, 0.0, 0.0)
    return Scene(3, place, Time.DAY, 0.5, 0.2, 1.0, (player,), Camera(CameraMove.STATIC), weather, "full")


@pytest.mark.parametrize("weather", STORMS)
def test_weather_is_seen_and_moves(renderer: Renderer, weather: Weather) -> None:
    clear = renderer.render(scene(Place.MEADOW, Weather.CLEAR), SHAPE).frames.float()
    frames = renderer.render(scene(Place.MEADOW, weather), SHAPE).frames.float()
    assert (frames - clear).abs().mean() > 1
    sky = frames[:, :20]
    assert (sky[8] - sky[0]).abs().max() > (2 if weather is Weather.FOG else 20)


@pytest.mark.parametrize("weather", STORMS)
@pytest.mark.parametrize("place", sorted(SHELTERED))
def test_no_weather_reaches_a_sheltered_place(renderer: Renderer, place: Place, weather: Weather) -> None:
    one = VideoShape(1, 64, 64, 8)
    assert torch.equal(renderer.render(scene(place, Weather.CLEAR), one).frames, renderer.render(scene(place, weather), one).frames)


def test_fog_hides_the_distance_more_than_the_foreground(renderer: Renderer) -> None:
    program = dataclasses.replace(
        scene(Place.CITY, Weather.CLEAR), players=(dataclasses.replace(scene(Place.CITY, Weather.FOG).players[0], x=9.0),)
    )
    clear, fog = (renderer.render(dataclasses.replace(program, weather=w), SHAPE).frames[0].float() for w in (Weather.CLEAR, Weather.FOG))
    kept = [fog[rows].std() / clear[rows].std() for rows in (slice(20, 32), slice(44, 64))]
    assert kept[0] < 0.8 * kept[1]


def test_grey_skies_take_the_sun_and_most_of_the_shadows() -> None:
    clear, rain = (light_of(Place.MEADOW, Time.SUNSET, weather) for weather in (Weather.CLEAR, Weather.RAIN))
    assert (clear.disc, rain.disc) == (1.0, 0.0)
    assert rain.shadow < 0.5 * clear.shadow


@pytest.mark.parametrize("weather", STORMS)
def test_a_window_is_that_part_of_the_whole(renderer: Renderer, weather: Weather) -> None:
    program = scene(Place.FOREST, weather)
    whole, part = renderer.render(program, SHAPE), renderer.render(program, SHAPE, Window(16, 24, 32, 40))
    assert (whole.frames[:, 16:48, 24:64].float() - part.frames.float()).abs().max() <= 1
