"""A reading to complete stories, one for each moment: who is carried on, what is filled in, and an account of both.

Fills what training captions always state. A place, time or camera move that is said once holds for the whole prompt; what nobody said comes
from the preset, then from a hash of the prompt.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from enum import Enum
from typing import Any, TypeVar

from misora.prompting.grammar import Beat, Part
from misora.prompting.reading import PromptReading, as_written
from misora.world.captions import Actor, Language, Story, verb_of
from misora.world.cast import Character, Gait
from misora.world.colours import COLOURS
from misora.world.lexicon import Lexicon
from misora.world.phrases import side_words
from misora.world.program import FOLLOWED_FROM, GOES_AWAY, TRAVELLING, Action, CameraMove, Direction, Place, Time, Weather
from misora.world.readings import OPPOSITE, SIDES, Kind, Match, Reading, tokens_of
from misora.world.telling.stories import verb_of as full_verb_of

MAX_ACTORS = 2
"""Players in one scene of the world the model has seen."""
LAND = (Place.BEACH, Place.MEADOW, Place.FOREST, Place.SNOW, Place.CITY, Place.DESERT)
#: Where a character is put when the prompt does not say; others go to one of LAND.
PLACES = {Gait.SWIMS: (Place.UNDERWATER,), Gait.SAILS: (Place.LAKE,), Gait.DRIVES: (Place.CITY, Place.MEADOW, Place.DESERT, Place.SNOW)}
#: Who is at home somewhere goes there.
HOMES = {
    Place.SNOW: ("penguin", "snowman"),
    Place.DESERT: ("camel",),
    Place.CITY: ("bus", "car", "taxi", "police_car", "fire_engine"),
    Place.MEADOW: ("cow", "sheep", "pig", "horse", "tractor", "butterfly", "bee", "rabbit", "snail", "chick", "duck"),
    Place.FOREST: ("tiger", "monkey", "panda", "owl", "fox"),
    Place.MOON: ("rocket", "flying_saucer"),
    Place.BEACH: ("crab",),
}
#: What a character does when the prompt does not say; others walk, or stand where the prompt says where they are to somebody.
ACTIONS = {Gait.FLIES: Action.FLY, Gait.ROLLS: Action.BOUNCE, Gait.FLOATS: Action.FLY, Gait.STANDS: Action.STAND}
#: What somebody goes on doing in a moment that does not name them; absent is gone.
GOES_ON = {Action.ENTER: Action.STAND, Action.APPROACH: Action.STAND}
GONE = frozenset({Action.LEAVE, Action.RETREAT})

IT = {"en": "it", "zh": "它"}

EnumT = TypeVar("EnumT", bound=Enum)
DefaultT = TypeVar("DefaultT", bound=Enum | None)


class Account:
    """What was changed, each phrase once, in order."""

    def __init__(self, prompt: str) -> None:
        self._prompt = prompt
        self._added: dict[str, None] = {}
        self._replaced: dict[tuple[str, str], None] = {}
        self._dropped: dict[str, None] = {}
        self._from_preset: dict[str, None] = {}

    def add(self, phrase: str) -> None:
        self._added[phrase] = None

    def replace(self, written: str, understood: str) -> None:
        self._replaced[as_written(written, self._prompt), understood.rstrip("*-")] = None

    def drop(self, words: str) -> None:
        self._dropped[as_written(words, self._prompt)] = None

    def style(self, phrase: str) -> None:
        self._from_preset[phrase] = None

    @property
    def added(self) -> tuple[str, ...]:
        return tuple(self._added)

    @property
    def replaced(self) -> tuple[tuple[str, str], ...]:
        return tuple(self._replaced)

    @property
    def dropped(self) -> tuple[str, ...]:
        return tuple(self._dropped)

    @property
    def from_preset(self) -> tuple[str, ...]:
        return tuple(self._from_preset)


class Scenario:
    """Builds the stories of one prompt, keeping the account."""

    def __init__(
        self, prompt: str, reading: PromptReading, lexicon: Lexicon, language: Language, style: Reading | None, seconds: float | None = None
    ) -> None:
        """``seconds`` are the video's, where they are known."""
        self.account = Account(prompt)
        self._prompt = prompt
        self._reading = reading
        self._lexicon = lexicon
        self._language = language
        self._style = style
        self._seconds = seconds
        self._say: dict[str, Any] = lexicon.say[language]
        self._cast: dict[str, Character] = {}
        self._left: dict[str, Direction] = {}
        """How whoever has left would come back: from where they went."""

    def stories(self) -> list[Story]:
        """One story for each moment; none when the prompt names no character."""
        moments = [self._limited(parts) for parts in self._carried_on()]
        if not any(moments):
            return []
        beats = [(parts, beat) for parts, beat in zip(moments, self._reading.beats, strict=True) if parts]
        actors = [tuple(self._actor(part) for part in parts) for parts, _ in beats]
        self._report()
        first = actors[0][0].character
        places = self._filled([beat.place for _, beat in beats], lambda: self._place(first))
        times = self._filled([beat.time for _, beat in beats], self._time)
        cameras = self._cameras([beat.camera for _, beat in beats], actors)
        weathers = _lasting([beat.weather for _, beat in beats])
        stories = [
            Story(who, place, time, camera, relations_of(beat, parts), weather)
            for who, (parts, beat), place, time, camera, weather in zip(actors, beats, places, times, cameras, weathers, strict=True)
        ]
        return [story for index, story in enumerate(stories) if index == 0 or story != stories[index - 1]]

    def _carried_on(self) -> Iterator[tuple[Part, ...]]:
        """The players of each moment, with those of the moment before who have not left."""
        before: tuple[Part, ...] = ()
        for beat in self._reading.beats:
            named = {part.character for part in beat.parts}
            stayed = [goes_on(part) for part in before if part.action not in GONE and part.character not in named]
            before = (*beat.parts, *stayed) if beat.parts else before
            yield before

    def _limited(self, parts: Sequence[Part]) -> tuple[Part, ...]:
        for part in parts[MAX_ACTORS:]:
            self.account.drop(part.text)
        return tuple(parts[:MAX_ACTORS])

    def _actor(self, part: Part) -> Actor:
        character = self._named(part)
        return replace(self._acting(part, character), colour=self._painted(part, character))

    def _painted(self, part: Part, character: Character) -> str:
        """The colour to say; empty when none was said, or when the character comes in its own alone, which is reported."""
        if part.colour is None or part.colour.entry.value == character.colour:
            return ""
        if not character.recolours or part.colour.entry.value not in COLOURS:
            self.account.drop(part.colour.text)
            return ""
        return part.colour.entry.value

    def _acting(self, part: Part, character: Character) -> Actor:
        if part.action is None:
            placed = any(part.character in (first, second) for beat in self._reading.beats for first, _, second in beat.relations)
            action = ACTIONS.get(character.gait, Action.STAND if placed else Action.WALK)
            self.account.add(self._verb(Actor(character, action)))
            return Actor(character, action, self._direction(action, Direction.NONE))
        said = part.direction
        if part.action is Action.ENTER and said is Direction.NONE:
            said = self._left.get(character.id, said)
        direction = self._direction(part.action, said)
        if part.action is Action.LEAVE:
            self._left[character.id] = OPPOSITE[direction]
        return Actor(character, part.action, direction)

    def _verb(self, actor: Actor) -> str:
        return verb_of(actor, self._language)

    def _named(self, part: Part) -> Character:
        """The character meant by ``part``; the person's own word for it comes first among its names."""
        if part.character not in self._cast:
            character = self._lexicon.cast.get(part.character) or self._one_of_kind(part.character)
            names = character.en if self._language == "en" else character.zh
            own = tuple(name for name in names if self._stems(name) == self._stems(part.text))
            if not own:
                self.account.replace(part.text, names[0])
            names = (*own, *names)
            self._cast[part.character] = replace(character, en=names) if self._language == "en" else replace(character, zh=names)
        return self._cast[part.character]

    def _stems(self, words: str) -> list[str]:
        """``words`` as the lexicon compares them: "dogs" are the same as "dog"."""
        return [self._lexicon.stem(token) for token in tokens_of(words)]

    def _one_of_kind(self, hypernym: str) -> Character:
        kinds = [one for one in self._lexicon.cast.values() if hypernym in (*one.hypernyms_en, *one.hypernyms_zh)]
        return kinds[self._hash("character") % len(kinds)]

    def _direction(self, action: Action, said: Direction) -> Direction:
        if action not in TRAVELLING or said is not Direction.NONE:
            return said
        chosen = (Direction.LEFT, Direction.RIGHT)[self._hash("direction") % 2]
        ways = self._say["way"]
        self.account.add(side_words(ways.get(action, ways["travel"])[0], chosen))
        return chosen

    def _filled(self, said: Sequence[EnumT | None], otherwise: Callable[[], DefaultT]) -> list[EnumT | DefaultT]:
        """``said`` without gaps: what was said last goes on, what is said first holds from the start."""
        first = next((value for value in said if value is not None), None)
        current: EnumT | DefaultT = otherwise() if first is None else first
        filled = []
        for value in said:
            current = value if value is not None else current
            filled.append(current)
        return filled

    def _place(self, character: Character) -> Place:
        options = PLACES.get(character.gait, LAND)
        styled = next((place for place in self._style.places if place in options), None) if self._style else None
        if styled is not None:
            self.account.style(self._say["place"][styled]["at"][0])
            return styled
        home = next((place for place, those in HOMES.items() if character.id in those), None)
        place = home or options[self._hash("place") % len(options)]
        self.account.add(self._say["place"][place]["at"][0])
        return place

    def _time(self) -> Time:
        if self._style and self._style.times:
            self.account.style(self._say["time"][self._style.times[0]][0])
            return self._style.times[0]
        self.account.add(self._say["time"]["day"][0])
        return Time.DAY

    def _cameras(self, said: Sequence[CameraMove | None], moments: Sequence[Sequence[Actor]]) -> list[CameraMove | None]:
        """Of each moment: what was said, else a style's, else a still one, which goes along with whoever would leave it in a long moment.

        With those who would leave it in a short one it is left open.
        """
        style = self._style.cameras[0] if self._style and self._style.cameras else None
        if style is not None or any(said):
            return list(self._filled(said, lambda: self._styled(style)))
        leaving = [any(actor.action in GOES_AWAY for actor in actors) for actors in moments]
        if any(leaving) and (self._seconds is None or self._seconds / len(moments) <= FOLLOWED_FROM):
            return [None] * len(moments)
        cameras = [CameraMove.FOLLOW if leaves else CameraMove.STATIC for leaves in leaving]
        for camera in cameras:
            self.account.add(self._say["camera"][camera]["sentence"][0].format(n=IT[self._language]))
        return list(cameras)

    def _styled(self, style: CameraMove | None) -> CameraMove | None:
        if style is not None:
            self.account.style(self._say["camera"][style]["sentence"][0].format(n=IT[self._language]))
        return style

    def _report(self) -> None:
        """Words that stand for a near one, and what found no place in a story."""
        for written, understood in self._reading.mended:
            self.account.replace(written, understood)
        for match in self._reading.matches:
            if match.entry.kind in (Kind.PLACE, Kind.TIME, Kind.ACTION) and not match.entry.exact:
                self.account.replace(match.text, self._first_phrase(match))
        for words in self._reading.dropped:
            self.account.drop(words)
        headed = any(part.direction is not Direction.NONE for beat in self._reading.beats for part in beat.parts)
        for match in self._reading.matches:
            if match.entry.kind in SIDES and not headed:
                self.account.drop(match.text)

    def _first_phrase(self, match: Match) -> str:
        table = self._say["verb" if match.entry.kind is Kind.ACTION else match.entry.kind][match.entry.value]
        return str((table if isinstance(table, list) else next(iter(table.values())))[0])

    def _hash(self, purpose: str) -> int:
        return zlib.crc32(f"{purpose}/{' '.join(self._prompt.lower().split())}".encode())


class FullScenario(Scenario):
    """The same in the full tier, whose captions leave the daylight and the still camera unsaid."""

    def _verb(self, actor: Actor) -> str:
        return full_verb_of(actor, self._language)

    def _time(self) -> Time:
        return super()._time() if self._style and self._style.times else Time.DAY

    def _cameras(self, said: Sequence[CameraMove | None], moments: Sequence[Sequence[Actor]]) -> list[CameraMove | None]:
        style = self._style.cameras[0] if self._style and self._style.cameras else None
        return list(self._filled(said, lambda: self._styled(style) or CameraMove.STATIC))


def _lasting(said: Sequence[Weather | None]) -> list[Weather | None]:
    """``said`` with what was said last going on; the first weather holds from the start, and none is made up."""
    current = next((weather for weather in said if weather is not None), None)
    lasting = []
    for weather in said:
        current = weather or current
        lasting.append(current)
    return lasting


def goes_on(part: Part) -> Part:
    """What somebody does in the next moment when it does not name them."""
    return part if part.action is None else replace(part, action=GOES_ON.get(part.action, part.action))


def relations_of(beat: Beat, parts: Sequence[Part]) -> tuple[tuple[str, int, int], ...]:
    """(relation, index, index) of those relations whose players are both there."""
    keys = [part.character for part in parts]
    known = [relation for relation in beat.relations if relation[0] in keys and relation[2] in keys]
    return tuple((kind, keys.index(first), keys.index(second)) for first, kind, second in known)
