"""What a caption asks to be seen, as a ``Story``: the list that a clip is checked against. Invents nothing that was not said."""

from __future__ import annotations

from misora.world.captions import Actor, Story
from misora.world.lexicon import Event, Reading, load_lexicon

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


def _event_of(name: str, reading: Reading) -> Event | None:
    """The first thing that ``name`` is said to do; what nobody is named for, where there is only one to do it."""
    own = [event for event in reading.events if name in event.characters]
    open_to_all = [event for event in reading.events if not event.characters]
    return next(iter(own or open_to_all), None)
