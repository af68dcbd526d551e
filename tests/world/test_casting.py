"""Scenes are drawn evenly and reproducibly, and held-out combinations never reach training."""

import random
from collections import Counter

import pytest

from misora.world.casting import HELD_OUT_SHARE, Casting, is_held_out, sample_scene
from misora.world.program import TRAVELLING, Action, Direction, Place
from misora.world.tier import SMALL

IDS = ("dog", "cat", "car", "bus", "fish", "rocket")


def scenes(count: int, **settings: object):
    rng = random.Random(5)
    return [sample_scene(Casting(IDS, **settings), rng) for _ in range(count)]  # type: ignore[arg-type]


@pytest.mark.parametrize("held_out", [False, True])
def test_training_never_sees_a_held_out_combination_and_testing_sees_nothing_else(held_out: bool) -> None:
    for scene in scenes(500, held_out=held_out, second_player=0.5):
        for player in scene.players:
            assert is_held_out(player.character, player.action, scene.place) is held_out


def test_about_one_combination_in_sixteen_is_held_out_for_every_place() -> None:
    for place in Place:
        flags = [is_held_out(f"character{number}", action, place) for number in range(200) for action in Action]
        assert sum(flags) / len(flags) == pytest.approx(1 / HELD_OUT_SHARE, rel=0.25)


def test_same_seed_same_scene() -> None:
    assert scenes(20) == scenes(20)


def test_every_place_action_and_character_is_drawn() -> None:
    drawn = scenes(1500)
    assert {scene.place for scene in drawn} == set(SMALL.places)
    assert {player.action for scene in drawn for player in scene.players} == set(SMALL.actions)
    counts = Counter(scene.players[0].character for scene in drawn)
    assert set(counts) == set(IDS)
    assert max(counts.values()) < 1.5 * min(counts.values())


def test_only_travelling_players_have_a_direction() -> None:
    for scene in scenes(500):
        for player in scene.players:
            assert (player.direction is not Direction.NONE) == (player.action in TRAVELLING)


def test_players_keep_their_pixel_size_on_larger_canvases() -> None:
    small, large = scenes(400, height=256), scenes(400, height=480)
    mean = {height: sum(scene.players[0].size * height for scene in drawn) / 400 for height, drawn in ((256, small), (480, large))}
    assert mean[480] == pytest.approx(mean[256], rel=0.1)
