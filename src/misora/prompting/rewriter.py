"""The offline rewriter: a short prompt, in English or Chinese, becomes a complete caption like those of training.

What was said is kept, words near to a known one are replaced by it, and what is missing (place, time, direction, camera)
is added, chosen from a hash of the prompt so that the same prompt always gives the same text. Every change is reported.
A prompt that names no known character is returned unchanged: the rewriter invents surroundings, never an actor.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, TypeVar

from misora.prompting.presets import Preset
from misora.world.captions import Actor, Language, Story, tell, verb_of
from misora.world.cast import Character, Gait
from misora.world.lexicon import SIDES, Kind, Lexicon, Match, Reading, load_lexicon, load_words, side_words
from misora.world.program import TRAVELLING, Action, CameraMove, Direction, Place, Time

MAX_ACTORS = 2
"""Players in one scene of the world the model has seen."""
LAND = (Place.BEACH, Place.MEADOW, Place.FOREST, Place.SNOW, Place.CITY, Place.DESERT)
#: Where a character is put when the prompt does not say; others go to one of LAND.
PLACES = {Gait.SWIMS: (Place.UNDERWATER,), Gait.DRIVES: (Place.CITY, Place.MEADOW, Place.DESERT, Place.SNOW)}
#: What a character does when the prompt does not say; others walk.
ACTIONS = {Gait.FLIES: Action.FLY, Gait.ROLLS: Action.BOUNCE, Gait.FLOATS: Action.FLY, Gait.STANDS: Action.STAND}

EnumT = TypeVar("EnumT", bound=Enum)


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A rewritten prompt and an account of every change.

    Args:
        text: The new prompt; the old one when nothing in it was known.
        language: "en" or "zh", that of the prompt.
        understood: (kind, value) of everything recognised: ("character", "dog").
        unknown_words: Words that mean nothing to the model; they are not in ``text`` unless it is unchanged.
        added: Phrases that were not asked for.
        replaced: (as written, as understood): ("wolf", "dog").
        dropped: Understood but more than a scene can hold: a third character, a second action or place.
        from_preset: Phrases that the style preset gave, where the prompt left them open.
    """

    text: str
    language: Language
    understood: tuple[tuple[str, str], ...] = ()
    unknown_words: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    replaced: tuple[tuple[str, str], ...] = ()
    dropped: tuple[str, ...] = ()
    from_preset: tuple[str, ...] = ()


def rewrite(prompt: str, lexicon: Lexicon | None = None, preset: Preset | None = None) -> Rewrite:
    """``prompt`` in the style of the training captions; place, time and camera that it leaves open come from ``preset`` first."""
    lexicon = lexicon or load_lexicon()
    reading = lexicon.read(prompt)
    language: Language = "zh" if reading.language == "zh" else "en"
    entries = [match.entry for match in reading.matches if match.entry.kind is not Kind.IGNORE]
    understood = tuple(dict.fromkeys((str(entry.kind), entry.value) for entry in entries))
    draft = _Draft(prompt, reading, lexicon, language, lexicon.read(preset.text) if preset else None)
    story = draft.story()
    if story is None:
        return Rewrite(prompt, language, understood, reading.unknown)
    return Rewrite(
        text=tell(story, language),
        language=language,
        understood=understood,
        unknown_words=reading.unknown,
        added=tuple(dict.fromkeys(draft.added)),
        replaced=tuple(dict.fromkeys(draft.replaced)),
        dropped=tuple(dict.fromkeys(draft.dropped)),
        from_preset=tuple(dict.fromkeys(draft.from_preset)),
    )


@dataclass(slots=True)
class _Draft:
    """Builds the story of one prompt, keeping the account of changes."""

    prompt: str
    reading: Reading
    lexicon: Lexicon
    language: Language
    style: Reading | None = None
    added: list[str] = field(default_factory=list)
    replaced: list[tuple[str, str]] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    from_preset: list[str] = field(default_factory=list)

    def story(self) -> Story | None:
        """None when the prompt names no character."""
        characters = self._characters()
        if not characters:
            return None
        actors = tuple(self._actor(key, character) for key, character in characters.items())
        self._report_near()
        self._report_sides()
        return Story(
            actors,
            place=self._place(actors),
            time=self._time(),
            camera=self._camera(),
            relations=self._relations(tuple(characters)),
        )

    def _characters(self) -> dict[str, Character]:
        """The first two players by the key under which events name them, with the name that was used for them."""
        found: dict[str, Character] = {}
        for match in self.reading.matches:
            key = match.entry.value
            if match.entry.kind not in (Kind.CHARACTER, Kind.HYPERNYM) or key in found:
                continue
            if len(found) == MAX_ACTORS:
                self.dropped.append(match.text)
            else:
                found[key] = self._named(match)
        return found

    def _named(self, match: Match) -> Character:
        """The character meant by ``match``; the person's own word for it comes first among its names."""
        character = self.lexicon.cast.get(match.entry.value) or self._one_of_kind(match.entry.value)
        names = character.en if self.language == "en" else character.zh
        own = tuple(name for name in names if name.lower() == self.lexicon.simplify(match.text))
        if not own:
            self.replaced.append((match.text, names[0]))
        names = (*own, *names)
        return replace(character, en=names) if self.language == "en" else replace(character, zh=names)

    def _one_of_kind(self, hypernym: str) -> Character:
        kinds = [one for one in self.lexicon.cast.values() if hypernym in (*one.hypernyms_en, *one.hypernyms_zh)]
        return kinds[self._hash("character") % len(kinds)]

    def _actor(self, key: str, character: Character) -> Actor:
        events = [event for event in self.reading.events if key in event.characters]
        if not events:
            action = ACTIONS.get(character.gait, Action.WALK)
            self.added.append(verb_of(Actor(character, action), self.language))
            return Actor(character, action, self._direction(action, Direction.NONE))
        return Actor(character, events[0].action, self._direction(events[0].action, events[0].direction))

    def _direction(self, action: Action, said: Direction) -> Direction:
        if action not in TRAVELLING or said is not Direction.NONE:
            return said
        chosen = (Direction.LEFT, Direction.RIGHT)[self._hash("direction") % 2]
        ways = self._say["way"]
        return self._add(chosen, side_words(ways.get(action, ways["travel"])[0], chosen))

    def _place(self, actors: Sequence[Actor]) -> Place:
        said = self._only(Kind.PLACE, self.reading.places)
        if said is not None:
            return said
        options = PLACES.get(actors[0].character.gait, LAND)
        styled = next((place for place in self.style.places if place in options), None) if self.style else None
        if styled is not None:
            return self._styled(styled, self._say["place"][styled]["at"][0])
        place = options[self._hash("place") % len(options)]
        return self._add(place, self._say["place"][place]["at"][0])

    def _time(self) -> Time:
        said = self._only(Kind.TIME, self.reading.times)
        if said is None and self.style and self.style.times:
            return self._styled(self.style.times[0], self._say["time"][self.style.times[0]][0])
        return said or self._add(Time.DAY, self._say["time"]["day"][0])

    def _camera(self) -> CameraMove:
        said = self._only(Kind.CAMERA, self.reading.cameras)
        if said is None and self.style and self.style.cameras:
            return self._styled(self.style.cameras[0], self._say["camera"][self.style.cameras[0]]["sentence"][0].format(n="it"))
        return said or self._add(CameraMove.STATIC, self._say["camera"]["static"]["sentence"][0])

    def _only(self, kind: Kind, values: Sequence[EnumT]) -> EnumT | None:
        """The first of ``values``; mentions of others are reported as dropped."""
        self.dropped += [match.text for match in self.reading.matches if match.entry.kind is kind and match.entry.value != values[0].value]
        return values[0] if values else None

    def _relations(self, keys: Sequence[str]) -> tuple[tuple[str, int, int], ...]:
        known = [relation for relation in self.reading.relations if relation[0] in keys and relation[2] in keys]
        return tuple((kind, keys.index(first), keys.index(second)) for first, kind, second in known)

    def _report_near(self) -> None:
        """Words other than names that stand for the nearest known one, and actions beyond one for each player."""
        used: set[str] = set()
        for match in self.reading.matches:
            if match.entry.kind in (Kind.PLACE, Kind.TIME, Kind.ACTION) and not match.entry.exact:
                self.replaced.append((match.text, self._first_phrase(match)))
        for event in self.reading.events:
            if used & set(event.characters):
                self.dropped.append(event.text)
            used |= set(event.characters)

    def _report_sides(self) -> None:
        """Positions ("a cat on the left") that no direction or relation took up."""
        if not any(event.direction is not Direction.NONE for event in self.reading.events):
            self.dropped += [match.text for match in self.reading.matches if match.entry.kind in SIDES]

    def _first_phrase(self, match: Match) -> str:
        table = self._say["verb" if match.entry.kind is Kind.ACTION else match.entry.kind][match.entry.value]
        return str((table if isinstance(table, list) else next(iter(table.values())))[0])

    @property
    def _say(self) -> dict[str, Any]:
        say: dict[str, Any] = load_words()["say"][self.language]
        return say

    def _add(self, value: EnumT, phrase: str) -> EnumT:
        self.added.append(phrase)
        return value

    def _styled(self, value: EnumT, phrase: str) -> EnumT:
        self.from_preset.append(phrase)
        return value

    def _hash(self, purpose: str) -> int:
        return zlib.crc32(f"{purpose}/{' '.join(self.prompt.lower().split())}".encode())
