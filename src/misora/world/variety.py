"""How varied captioned films are: distinct programs and captions, and how much of what a tier could show they do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from misora.world.cast import load_cast
from misora.world.directing import triples_of
from misora.world.program import Action, Film, Place
from misora.world.tier import Tier


@dataclass(frozen=True, slots=True)
class Variety:
    """Of a set of captioned films.

    Args:
        films, programs, captions: How many, how many different ones, and how many different captions.
        triples: Different (character, action, place) triples seen.
        coverage: Share of all triples of the tier, 0 to 1.
        pairs: The same of pairs, by the names of their two sides ("character, action").
    """

    films: int
    programs: int
    captions: int
    triples: int
    coverage: float
    pairs: Mapping[str, float]


def variety_of(samples: Iterable[tuple[Film, str]], tier: Tier) -> Variety:
    """Counts (film, caption) pairs of ``tier``."""
    films = 0
    programs: set[str] = set()
    captions: set[str] = set()
    triples: set[tuple[str, Action, Place]] = set()
    for film, text in samples:
        films += 1
        programs.add(film.to_json())
        captions.add(text)
        triples.update(triples_of(film))
    characters, actions, places = len(load_cast(tier.name)), len(tier.actions), len(tier.places)
    pairs = {
        "character, action": len({(who, what) for who, what, _ in triples}) / (characters * actions),
        "character, place": len({(who, where) for who, _, where in triples}) / (characters * places),
        "action, place": len({(what, where) for _, what, where in triples}) / (actions * places),
    }
    return Variety(films, len(programs), len(captions), len(triples), len(triples) / (characters * actions * places), pairs)
