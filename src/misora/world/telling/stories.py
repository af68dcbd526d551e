"""Stories of the full tier told in its captions' words: what a rewriter has in mind, as one sentence or a few."""

from __future__ import annotations

from misora.world.captions import Actor, FirstChoice, Language, Story
from misora.world.program import CameraMove, Place
from misora.world.telling.chinese import Chinese
from misora.world.telling.english import English
from misora.world.telling.story import Relation, Shot, Step, Troupe


def tell_story(story: Story, language: Language) -> str:
    """The complete, deterministic wording of ``story``, whose place must be known; the clear sky and the still camera go unsaid."""
    writer = _writer(language)
    return writer.finished(writer.shot(shot_of(story), None))


def verb_of(actor: Actor, language: Language) -> str:
    """The verb that ``tell_story`` uses for ``actor``, wherever that is."""
    step = Step(actor.action, actor.direction)
    return _writer(language).verb_of(step, actor.character, Place.ROOM).replace("[", "").replace("]", "")


def shot_of(story: Story) -> Shot:
    """``story`` as the facts of one shot."""
    assert story.place is not None
    return Shot(
        place=story.place,
        time=story.time,
        weather=story.weather,
        camera=story.camera or CameraMove.STATIC,
        troupes=tuple(_troupe(actor, index) for index, actor in enumerate(story.actors)),
        relations=tuple(Relation(kind, (first, second)) for kind, first, second in story.relations),
    )


def _troupe(actor: Actor, index: int) -> Troupe:
    steps = (Step(actor.action, actor.direction),)
    return Troupe(actor.character, actor.colour, bool(actor.colour), steps, None, (index,))


def _writer(language: Language) -> English | Chinese:
    return English(FirstChoice(), "full") if language == "en" else Chinese(FirstChoice(), "full")
