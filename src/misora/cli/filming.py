"""What ``misora world`` draws and counts, in either tier. Knows programs and words, no pixels."""

from __future__ import annotations

import random
from collections.abc import Iterator

from misora.base.errors import InputError
from misora.cli.staging import scene_for
from misora.world.captions import canonical_caption, count_distinct, sample_caption
from misora.world.cast import load_cast
from misora.world.casting import Casting, sample_scene
from misora.world.directing import Directing, sample_film
from misora.world.program import Film, Scene
from misora.world.telling import count_films, sample_telling, tell_film

COUNTED_SECONDS = 5.0
TRIPLES = "of all (character, action, place) triples"


def draw_scenes(prompt: str | None, count: int, seed: int, aspect: float, height: int, seconds: float) -> Iterator[Scene]:
    """``count`` scenes of the small tier, of ``prompt`` when there is one; the same for the same seed."""
    pixels = (height / 3, height * 0.6)
    casting = Casting(tuple(load_cast()), aspect=aspect, height=height, seconds=seconds, player_pixels=pixels)
    rng = random.Random(seed)
    for _ in range(count):
        yield sample_scene(casting, rng) if prompt is None else scene_for(prompt, casting, rng)


def draw_films(count: int, seed: int, aspect: float, seconds: float) -> Iterator[Film]:
    """``count`` films of the full tier; the same for the same seed."""
    directing, rng = Directing(tuple(load_cast("full").values()), aspect=aspect, seconds=seconds), random.Random(seed)
    for _ in range(count):
        yield sample_film(directing, rng)


def draw(tier: str, prompt: str | None, count: int, seed: int, aspect: float, height: int, seconds: float) -> Iterator[tuple[Film, str]]:
    """Films of either tier with their captions; one of the small tier is a single shot.

    Raises:
        InputError: A prompt came with the full tier, whose films are only drawn.
    """
    if tier == "small":
        for scene in draw_scenes(prompt, count, seed, aspect, height, seconds):
            yield Film((scene,)), canonical_caption(scene, "en")
        return
    if prompt is not None:
        raise InputError(f"prompt={prompt!r} with tier=full: prompts are staged in the small tier; leave one of them out", field="prompt")
    rng = random.Random(f"captions/{seed}")
    for film in draw_films(count, seed, aspect, seconds):
        yield film, tell_film(film, "en", "full", rng).text


def coverage_line(captions: int, seed: int = 0, tier: str = "small") -> str:
    """How varied ``captions`` captions of random scenes or films are."""
    rng, count = random.Random(seed), max(1, captions)
    if tier == "full":
        films = draw_films(count, seed, 16 / 9, COUNTED_SECONDS)
        told = count_films(((film, sample_telling(film, rng).text) for film in films), len(load_cast("full")))
        seen = f"{told.triples:,} triples seen, {told.coverage:.1%} {TRIPLES}"
        return f"{told.films:,} captions drawn: {told.captions:,} distinct, of {told.programs:,} distinct films, {seen}"
    scenes = draw_scenes(None, count, seed, 16 / 9, 480, 2.0)
    counted = count_distinct((scene, sample_caption(scene, rng)[0]) for scene in scenes)
    share = f"{counted.coverage:.1%} {TRIPLES}"
    return f"{counted.captions:,} captions drawn: {counted.distinct:,} distinct, {counted.triples:,} triples seen, {share}"
