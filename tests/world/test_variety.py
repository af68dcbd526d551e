"""Counting programs, captions, pairs and triples."""

from __future__ import annotations

import random

import pytest

from misora.world.cast import load_cast
from misora.world.casting import Casting, sample_scene
from misora.world.program import Film
from misora.world.tier import FULL, SMALL
from misora.world.variety import variety_of

CHARACTERS = len(load_cast())


def test_the_same_program_with_two_captions_counts_once_and_twice() -> None:
    film = Film((sample_scene(Casting(tuple(load_cast()), second_player=0), random.Random(0)),))
    counted = variety_of([(film, "a"), (film, "a"), (film, "b")], SMALL)
    assert (counted.films, counted.programs, counted.captions, counted.triples) == (3, 1, 2, 1)
    assert counted.coverage == pytest.approx(1 / (CHARACTERS * len(SMALL.actions) * len(SMALL.places)))
    assert counted.pairs["action, place"] == pytest.approx(1 / (len(SMALL.actions) * len(SMALL.places)))


def test_shares_are_of_what_the_tier_knows_and_pairs_fill_sooner_than_triples() -> None:
    rng, casting = random.Random(1), Casting(tuple(load_cast()))
    films = [(Film((sample_scene(casting, rng),)), str(number)) for number in range(300)]
    small, full = variety_of(films, SMALL), variety_of(films, FULL)
    assert 0 < small.coverage < small.pairs["character, place"] < small.pairs["action, place"] <= 1
    assert full.triples == small.triples
    assert full.coverage < small.coverage
    assert set(small.pairs) == {"character, action", "character, place", "action, place"}
