"""Prompts of the full tier, and clips of several shots read shot by shot."""

from __future__ import annotations

import numpy as np
import pytest

from misora.base.shapes import VideoShape
from misora.evaluation.films import held_out_films, is_readable
from misora.evaluation.prompts import EvaluationPrompt
from misora.evaluation.shots import check_shots, read_shots
from misora.world.cast import load_cast
from misora.world.casting import is_held_out
from misora.world.program import TRAVELLING, Direction, Weather
from misora.world.tier import SMALL
from tiny import tiny_parser

SHAPE = VideoShape(72, 64, 64, 24.0)
CAST = tuple(load_cast())


@pytest.fixture(scope="module", name="prompts")
def listed() -> list[EvaluationPrompt]:
    return held_out_films(24, SHAPE, CAST)


def test_every_film_leads_with_what_training_refuses_and_the_judge_can_read_it(prompts: list[EvaluationPrompt]) -> None:
    for prompt in prompts:
        lead = prompt.scene.players[0]
        assert is_held_out(lead.character, lead.action, prompt.scene.place)
        assert all(map(is_readable, prompt.film.shots))
        assert {shot.camera.move for shot in prompt.film.shots} <= set(SMALL.camera_moves)


def test_colours_weathers_and_cuts_are_all_asked(prompts: list[EvaluationPrompt]) -> None:
    assert {prompt.cuts for prompt in prompts} == {0, 1}
    assert all(prompt.cuts == len(prompt.film.shots) - 1 == len(prompt.stories) - 1 for prompt in prompts)
    assert {story.weather for prompt in prompts for story in prompt.stories} > {Weather.RAIN, Weather.FOG}
    colours = {actor.colour for prompt in prompts for story in prompt.stories for actor in story.actors}
    assert "own" in colours and len(colours) > 3


def test_stories_say_nothing_that_is_not_so(prompts: list[EvaluationPrompt]) -> None:
    for prompt in prompts:
        for story, scene in zip(prompt.stories, prompt.film.shots, strict=True):
            assert (story.place or scene.place, story.time or scene.time) == (scene.place, scene.time)
            assert (story.weather or scene.weather, story.camera or scene.camera.move) == (scene.weather, scene.camera.move)
            players = {player.character: player for player in scene.players}
            for actor in story.actors:
                player = players[actor.character.id]
                assert actor.action is player.action
                assert actor.direction in (player.direction, Direction.NONE)
                assert actor.direction is Direction.NONE or actor.action in TRAVELLING
                assert actor.colour in ("", player.colour or "own")


def test_short_clips_are_one_shot() -> None:
    assert all(prompt.cuts == 0 for prompt in held_out_films(6, VideoShape(48, 64, 64, 24.0), CAST))


def test_each_shot_is_read_apart_and_the_cuts_in_the_whole(prompts: list[EvaluationPrompt]) -> None:
    judge = tiny_parser()
    frames = np.random.default_rng(0).integers(0, 256, (24, 64, 64, 3), dtype=np.uint8)
    two = next(prompt for prompt in prompts if prompt.cuts == 1)
    readings = read_shots(judge, frames, 8.0, 2)
    assert [shot.num_frames for shot in readings.shots] == [12, 12]
    assert readings.whole.num_frames == 24
    places = sum(check.fact == "place" for check in check_shots(two, readings))
    assert places == sum(str(story.place) in readings.whole.place for story in two.stories)
    (cut,) = [check for check in check_shots(two, readings) if check.fact == "cuts"]
    assert (cut.asked, cut.read, cut.right) == ("1", str(len(readings.whole.cuts)), len(readings.whole.cuts) == 1)
    assert read_shots(judge, frames, 8.0, 1).shots[0].place == readings.whole.place
