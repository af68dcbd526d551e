"""What a caption asks to be seen, as a ``Story``: the list that a clip is checked against. Invents nothing that was not said."""

from __future__ import annotations

from misora.base.errors import InputError
from misora.world.captions import Actor, Story
from misora.world.lexicon import load_lexicon
from misora.world.readings import Event, Reading

MAX_ACTORS = 2


def wanted(caption: str) -> Story:
    """Every fact of ``caption`` that a parser can check; a story without actors when it names no character."""
    lexicon = load_lexicon()
    reading = lexicon.read(caption)
    names = [name for name in reading.mentioned if name in lexicon.cast][:MAX_ACTORS]
    actors = tuple(Actor(lexicon.cast[name], event.action, event.direction) for name in names if (event := _event_of(name, reading)))
    order = [actor.character.id for actor in actors]
    relations = tuple(
        (relation, order.index(first), order.index(second))
        for first, relation, second in reading.relations
        if first in order and second in order
    )
    return Story(
        actors,
        place=next(iter(reading.places), None),
        time=next(iter(reading.times), None),
        camera=next(iter(reading.cameras), None),
        relations=relations,
    )


def wanted_of(prompt: str, caption: str) -> Story:
    """What a take is checked for: what the person wrote, or, where that has nobody do anything, what the model reads.

    So what a rewriter made up is not held against a take.

    Raises:
        InputError: Neither names a character of the stage.
    """
    for text in (prompt, caption):
        story = wanted(text)
        if story.actors:
            return story
    raise InputError(
        f"takes cannot be ranked: prompt={prompt!r} names no character that the critic knows; `misora world list` prints them",
        field="takes",
    )


def _event_of(name: str, reading: Reading) -> Event | None:
    """The first thing that ``name`` is said to do; what nobody is named for, where there is only one to do it."""
    own = [event for event in reading.events if name in event.characters]
    open_to_all = [event for event in reading.events if not event.characters]
    return next(iter(own or open_to_all), None)
