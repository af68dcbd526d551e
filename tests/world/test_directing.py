"""Films are drawn reproducibly and with variety, keep to what is held out, and make sense."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from misora.world.cast import Gait, SizeClass, load_cast
from misora.world.casting import is_held_out
from misora.world.directing import Directing, sample_film, triples_of
from misora.world.duets import scene_tracks
from misora.world.light import SHELTERED
from misora.world.program import TOGETHER, TRAVELLING, Action, CameraMove, Direction, Film, Place, Weather
from misora.world.terrain import SHORE
from misora.world.tier import FULL

CAST = load_cast("full")
DIRECTING = Directing(tuple(CAST.values()), aspect=16 / 9, seconds=5.0)


def films(count: int, seed: int = 3, **changes: object) -> list[Film]:
    rng, directing = random.Random(seed), replace(DIRECTING, **changes)  # type: ignore[arg-type]
    return [sample_film(directing, rng) for _ in range(count)]


@pytest.fixture(scope="module")
def drawn() -> list[Film]:
    return films(1200)


def test_same_seed_same_film_and_films_survive_json(drawn: list[Film]) -> None:
    assert films(20) == drawn[:20]
    assert [Film.from_json(film.to_json()) for film in drawn[:100]] == drawn[:100]


def test_training_never_shows_a_held_out_triple(drawn: list[Film]) -> None:
    assert not any(is_held_out(*triple) for film in drawn for triple in triples_of(film))


def test_a_held_out_film_leads_with_a_held_out_triple() -> None:
    assert all(is_held_out(*triples_of(film)[0]) for film in films(60, held_out=True))


def test_everything_the_tier_knows_is_drawn(drawn: list[Film]) -> None:
    shots = [shot for film in drawn for shot in film.shots]
    assert {shot.place for shot in shots} == set(FULL.places)
    assert {shot.time for shot in shots} == set(FULL.times)
    assert {shot.weather for shot in shots} == set(FULL.weathers)
    assert {shot.camera.move for shot in shots} == set(FULL.camera_moves)
    assert {action for film in drawn for _, action, _ in triples_of(film)} == set(FULL.actions)
    assert {len(film.shots) for film in drawn} == set(range(1, FULL.max_shots + 1))
    assert {len(shot.players) for shot in shots} == set(range(1, FULL.max_players + 1))
    assert len({shot.players[0].character for shot in shots}) > 0.95 * len(CAST)


def test_shots_last_as_long_as_the_film_and_share_their_lead(drawn: list[Film]) -> None:
    for film in drawn:
        assert film.seconds == pytest.approx(5.0)
        assert len({(shot.players[0].character, shot.players[0].colour) for shot in film.shots}) == 1


def test_a_second_shot_in_the_same_place_often_is_the_same_place(drawn: list[Film]) -> None:
    pairs = [(a, b) for film in drawn for a, b in zip(film.shots, film.shots[1:], strict=False) if a.place is b.place]
    assert sum(a.seed == b.seed and a.horizon == b.horizon for a, b in pairs) > 0.8 * len(pairs)


def test_no_weather_in_sheltered_places(drawn: list[Film]) -> None:
    assert all(shot.weather is Weather.CLEAR for film in drawn for shot in film.shots if shot.place in SHELTERED)


def test_directions_and_partners_are_there_where_they_mean_something(drawn: list[Film]) -> None:
    for film in drawn:
        for shot in film.shots:
            for index, player in enumerate(shot.players):
                assert (player.direction is not Direction.NONE) == (player.action in TRAVELLING)
                assert (player.partner >= 0) == (player.action in TOGETHER)
                assert player.partner != index and player.partner < len(shot.players)
                assert list(player.then) == sorted(player.then, key=lambda beat: beat.start)
                assert not player.then or player.then[-1].start < shot.seconds


def test_houses_do_not_run_and_boats_stay_on_the_lake(drawn: list[Film]) -> None:
    for film in drawn:
        for shot in film.shots:
            for player in shot.players:
                gait = CAST[player.character].gait
                assert gait is not Gait.STANDS or player.action not in (TRAVELLING | {Action.FLIP, Action.CIRCLE}) - {Action.PUSHED}
                assert gait is not Gait.SAILS or shot.place is Place.LAKE or player.character != shot.players[0].character


def test_at_the_lake_swimmers_are_in_the_water_and_walkers_on_the_shore(drawn: list[Film]) -> None:
    leads = [shot.players[0] for film in drawn for shot in film.shots if shot.place is Place.LAKE]
    assert len(leads) > 50
    for lead in leads:
        afloat = CAST[lead.character].gait in (Gait.SAILS, Gait.SWIMS)
        assert (lead.ground > SHORE) == afloat


def test_sizes_follow_the_size_class(drawn: list[Film]) -> None:
    sizes: dict[SizeClass, list[float]] = {size: [] for size in SizeClass}
    for film in drawn:
        for player in film.shots[0].players:
            sizes[CAST[player.character].size].append(player.size)
    means = [float(np.mean(sizes[size])) for size in SizeClass]
    assert means == sorted(means)


def test_the_leading_player_is_seen(drawn: list[Film]) -> None:
    """Its feet are inside the picture for a good part of nearly every shot."""
    seen = []
    for film in drawn[:400]:
        for shot in film.shots:
            track = scene_tracks(shot, np.linspace(0, shot.seconds, 12))[0]
            seen.append(float((np.abs(track.x) < DIRECTING.aspect / 2).mean()))
    assert np.mean(np.array(seen) > 0.4) > 0.97


def test_cameras_hold_still_where_the_frame_matters(drawn: list[Film]) -> None:
    for film in drawn:
        for shot in film.shots:
            if {player.action for player in shot.players} & {Action.ENTER, Action.LEAVE, Action.RETURN}:
                assert shot.camera.move is CameraMove.STATIC


def test_sequences_have_no_jerks(drawn: list[Film]) -> None:
    """From one 120th of a second to the next no player of a sequence moves farther than it could run or fall."""
    for film in drawn[:500]:
        for shot in film.shots:
            for player, track in zip(shot.players, scene_tracks(shot, np.arange(0, shot.seconds, 1 / 120)), strict=True):
                if player.then:
                    steps = np.hypot(np.diff(track.x), np.diff(track.ground + track.lift))
                    assert steps.max() < 0.06, player


def test_plots_vary(drawn: list[Film]) -> None:
    kinds = Counter(
        "duet" if shot.players[0].action in TOGETHER else "sequence" if shot.players[0].then else len(shot.players)
        for film in drawn
        for shot in film.shots
    )
    assert min(kinds[kind] for kind in ("duet", "sequence", 1, 2, 3)) > 60
