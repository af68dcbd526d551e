"""What ``misora world`` draws and counts, in either tier. Knows programs and words, no pixels."""

from __future__ import annotations

import random
from collections.abc import Iterator

from misora.base.errors import InputError
from misora.cli.staging import scene_for
from misora.world.captions import canonical_caption, sample_caption
from misora.world.cast import load_cast
from misora.world.casting import Casting, sample_scene
from misora.world.directing import Directing, sample_film
from misora.world.program import Film, Scene
from misora.world.telling import sample_telling, tell_film
from misora.world.tier import TIERS
from misora.world.variety import variety_of

COUNTED_SECONDS = 5.0


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
        samples = ((film, sample_telling(film, rng).text) for film in draw_films(count, seed, 16 / 9, COUNTED_SECONDS))
    else:
        scenes = draw_scenes(None, count, seed, 16 / 9, 480, 2.0)
        samples = ((Film((scene,)), sample_caption(scene, rng)[0]) for scene in scenes)
    told = variety_of(samples, TIERS[tier])
    shares = ", ".join(f"({pair}) {share:.1%}" for pair, share in told.pairs.items())
    return (
        f"{told.films:,} captions drawn: {told.captions:,} distinct, of {told.programs:,} distinct programs\n"
        f"seen of all pairs: {shares}; of all triples: {told.triples:,}, {told.coverage:.1%}"
    )
