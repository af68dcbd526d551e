"""What both languages share in telling a film: which facts are said, in which order, in whose words.

A writer turns the facts of a shot into sentences; every fact that reaches the text is recorded, so that a caption comes
with exactly what it claims.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from misora.world.captions import Choice, Language
from misora.world.cast import Character
from misora.world.phrases import side_words
from misora.world.program import TRAVELLING, Action, CameraMove, Direction, Place, Time, Weather
from misora.world.telling.story import Partner, Relation, Shot, Step, Troupe
from misora.world.telling.words import load_full_words


@dataclass(frozen=True, slots=True)
class Fact:
    """One claim of a caption.

    Args:
        shot: Number of the shot, from 0.
        kind: place, time, weather, camera, player, count, colour, action, direction, partner, or a relation's kind.
        value: What is claimed: ``"lake"``, ``"2"``, ``"run"``; of a relation nothing.
        players: Indices of the players it is about; for ``action`` and ``direction`` of a sequence, in order of time.
    """

    shot: int
    kind: str
    value: str
    players: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """Chances that facts are said; ``extras`` is for camera, relations and everyone but the leading players."""

    place: float
    time: float
    weather: float
    direction: float
    colour: float
    camera: float
    relation: float
    extras: float


SAID = {
    "bare": Said(place=0.0, time=0.0, weather=0.0, direction=0.0, colour=0.0, camera=0.0, relation=0.0, extras=0.0),
    "short": Said(place=0.7, time=0.25, weather=0.3, direction=0.4, colour=0.3, camera=0.1, relation=0.0, extras=0.3),
    "medium": Said(place=0.92, time=0.6, weather=0.7, direction=0.7, colour=0.45, camera=0.6, relation=0.35, extras=0.9),
    "full": Said(place=1.0, time=0.95, weather=0.95, direction=0.95, colour=0.6, camera=0.95, relation=0.75, extras=1.0),
}
BRIEF = frozenset({"bare", "short"})
PAINTED = 0.9
"""Chance that a colour is said of something that was painted in it, short captions excepted."""
RARELY = 0.1
"""Chance that the usual is said: the clear sky, the still camera."""


class Writer:
    """Phrases of one language for the facts of one film, drawn from ``choice``."""

    language: Language

    def __init__(self, choice: Choice, detail: str) -> None:
        words = load_full_words()
        self.say: dict[str, Any] = words["say"][self.language]
        self.words = words
        self.choice, self.detail, self.said = choice, detail, SAID[detail]
        self.facts: list[Fact] = []
        self.number = 0

    def claim(self, kind: str, value: str, players: Sequence[int] = ()) -> None:
        self.facts.append(Fact(self.number, kind, value, tuple(players)))

    def name_of(self, character: Character) -> str:
        """The main name more often than a synonym."""
        names = [name for name in (character.en if self.language == "en" else character.zh) if name not in self.words["unsaid"]]
        return names[0] if len(names) == 1 or self.choice.chance(0.65) else self.choice.pick(names[1:])

    def colour_of(self, troupe: Troupe, name: str) -> str:
        """A colour word to put before ``name``, empty for none: also when the name says a colour itself."""
        chance = PAINTED if troupe.is_painted and self.detail not in BRIEF else self.said.colour
        words = self.colour_words(troupe.colour)
        if (
            not words
            or self.choice.chance(1 - chance)
            or any(word.rstrip("色的") in name for one in self.say["colour"].values() for word in one)
        ):
            return ""
        self.claim("colour", troupe.colour, troupe.players)
        return self.choice.pick(words)

    def colour_words(self, colour: str) -> list[str]:
        words: list[str] = self.say["colour"].get(colour, [])
        return words

    def verb_of(self, step: Step, character: Character, place: Place) -> str:
        """A phrase for an action that fits the gait; in the table's notation."""
        table: dict[str, list[str]] = self.say["verb"][step.action]
        styles = (self.words["style_of_character"].get(character.id) or self.words["style_of_gait"].get(character.gait, "any")).split()
        own = next((table[style] for style in styles if style in table), None)
        if step.action is Action.FLY and place is not Place.UNDERWATER and self.choice.chance(0.3):
            own = table["air"]
        phrases = own if own and self.choice.chance(0.75) else table["any"]
        fitting = [phrase for phrase in phrases if not phrase.endswith("-" if step.direction is not Direction.NONE else "*")]
        return self.choice.pick(fitting or phrases).rstrip("*-")

    def way_of(self, step: Step) -> str:
        """The direction phrase, empty when there is none or it is left out."""
        if step.direction is Direction.NONE or step.action not in TRAVELLING or not self.choice.chance(self.said.direction):
            return ""
        ways = self.say["way"]
        return side_words(self.choice.pick(ways.get(step.action, ways["travel"])), step.direction)

    def place_words(self, shot: Shot) -> str:
        """Travellers often go along or through a place, flyers over it; swimmers are on the lake."""
        table: dict[str, list[str]] = self.say["place"][shot.place]
        leading = shot.troupes[0]
        actions = {step.action for troupe in shot.troupes for step in troupe.steps}
        if shot.place is Place.LAKE and leading.character.gait in ("sails", "swims"):
            return self.at_words(self.choice.pick(table["afloat"]))
        if actions == {Action.FLY} and self.choice.chance(0.7):
            return self.choice.pick(table["over"])
        if actions <= {Action.WALK, Action.RUN, Action.LEAP, Action.CHASE, Action.FOLLOW} and self.choice.chance(0.4):
            return self.choice.pick(table["through"])
        return self.at_words(self.choice.pick(table["at"]))

    def at_words(self, phrase: str) -> str:
        """How ``phrase`` of the table "at" stands in a sentence."""
        return phrase

    def setting(self, shot: Shot, last: Shot | None) -> dict[str, str]:
        """Words for place, time and weather that are to be said, by kind; the clear sky seldom, and nothing twice."""
        found: dict[str, str] = {}
        if self.choice.chance(self.said.place) and (last is None or last.place is not shot.place):
            self.claim("place", shot.place)
            found["place"] = self.place_words(shot)
        if (
            shot.time
            and self.choice.chance(self.said.time * (0.4 if shot.time is Time.DAY else 1))
            and (last is None or last.time is not shot.time)
        ):
            self.claim("time", shot.time)
            found["time"] = self.time_words(shot)
        usual = shot.weather in (None, Weather.CLEAR)
        if (
            shot.weather
            and self.choice.chance(min(RARELY, self.said.weather) if usual else self.said.weather)
            and (last is None or last.weather is not shot.weather)
        ):
            self.claim("weather", shot.weather)
            found["weather"] = "sentence" if self.detail not in BRIEF and self.choice.chance(0.35) else "phrase"
        return found

    def time_words(self, shot: Shot) -> str:
        phrases: list[str] = self.say["time"][shot.time]
        return self.choice.pick([phrase for phrase in phrases if shot.place is not Place.UNDERWATER or "sky" not in phrase])

    def wants_camera(self, shot: Shot) -> bool:
        wanted = self.choice.chance(min(RARELY, self.said.camera) if shot.camera is CameraMove.STATIC else self.said.camera)
        if wanted:
            self.claim("camera", shot.camera)
        return wanted

    def chosen_relations(self, shot: Shot, troupes: Sequence[Troupe]) -> list[Relation]:
        """At most three, about players that the caption speaks of."""
        named = {index for troupe in troupes if troupe.count == 1 for index in troupe.players}
        fitting = [relation for relation in shot.relations if set(relation.players) <= named]
        chosen = [relation for relation in fitting if self.choice.chance(self.said.relation)][:3]
        for relation in chosen:
            self.claim(relation.kind, "", relation.players)
        return chosen

    def chosen_troupes(self, shot: Shot) -> list[Troupe]:
        """The leading one always, others as the detail has it."""
        return [troupe for number, troupe in enumerate(shot.troupes) if number == 0 or self.choice.chance(self.said.extras)]

    def claim_troupe(self, troupe: Troupe) -> None:
        self.claim("player", troupe.character.id, troupe.players)
        if troupe.count > 1:
            self.claim("count", str(troupe.count), troupe.players)
        if troupe.partner:
            self.claim("partner", troupe.partner.character.id, troupe.players)

    def painted(self, partner: Partner, name: str) -> str:
        """The colour word of a partner, empty for none."""
        words = self.colour_words(partner.colour)
        return self.choice.pick(words) if words and self.detail not in BRIEF and self.choice.chance(PAINTED) else ""
