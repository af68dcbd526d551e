"""Captions of scene programs, in English and Chinese: many wordings, every stated fact true.

A scene becomes a ``Story`` (players, place, time, camera, relations); a story becomes text by choosing which facts to
say, a phrase for each, and a layout. All phrases and layouts lie in ``lexicon.json``. ENTER with direction RIGHT
starts outside on the left, so it "enters from the left"; LEAVE with direction LEFT goes out of the left edge.
This module knows neither pixels nor networks.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from misora.world.cast import Character, load_cast
from misora.world.phrases import load_words, side_words
from misora.world.program import TRAVELLING, Action, CameraMove, Direction, Place, Player, Scene, Time, Weather

Language = Literal["en", "zh"]
Detail = Literal["short", "medium", "full"]

ENGLISH_SHARE = 0.6
DETAIL_WEIGHTS: dict[Detail, float] = {"short": 0.25, "medium": 0.45, "full": 0.3}
#: Chance that a fact is said, by detail.
SAID: dict[Detail, dict[str, float]] = {
    "short": {"place": 0.85, "direction": 0.55, "time": 0.35, "day": 0.05, "camera": 0.2, "static": 0.0, "relation": 0.0, "depth": 0.0},
    "medium": {"place": 0.92, "direction": 0.75, "time": 0.65, "day": 0.15, "camera": 0.7, "static": 0.05, "relation": 0.5, "depth": 0.2},
    "full": {"place": 1.0, "direction": 1.0, "time": 0.95, "day": 0.6, "camera": 1.0, "static": 0.4, "relation": 0.9, "depth": 0.5},
}
MAIN_NAME_SHARE = 0.6
SHORT_WORDS, SHORT_CHARACTERS = 8, 16

MIN_APART = 0.12
"""Least difference in x, view heights, to call one player left of the other."""
MIN_DEPTH = 0.06
"""Least difference in ground to call one player nearer."""
MIN_RATIO = 1.5
"""Least ratio of sizes on the screen to call one player bigger."""
CHANGES_SIZE = frozenset({Action.APPROACH, Action.RETREAT})
CHANGES_SIDE = frozenset({Action.ENTER, Action.LEAVE})


@dataclass(frozen=True, slots=True)
class Actor:
    """One player as far as words go.

    Args:
        direction: NONE when it has none or it is not known.
        colour: What it is painted in, or "own"; empty when it is not known. Only the full tier paints.
    """

    character: Character
    action: Action
    direction: Direction = Direction.NONE
    colour: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """The facts of a scene that captions can state; None is unknown.

    Args:
        relations: (relation, index, index): left_of, starts_left_of, nearer_than, bigger_than.
        weather: Of the full tier.
    """

    actors: tuple[Actor, ...]
    place: Place | None = None
    time: Time | None = None
    camera: CameraMove | None = None
    relations: tuple[tuple[str, int, int], ...] = ()
    weather: Weather | None = None


class Choice:
    """Every choice that wording leaves open, drawn from ``rng``."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def pick(self, options: Sequence[str]) -> str:
        return self._rng.choice(options)

    def chance(self, probability: float) -> bool:
        return self._rng.random() < probability


class FirstChoice(Choice):
    """Always the first wording and the likelier branch."""

    def __init__(self) -> None:
        super().__init__(random.Random(0))

    def pick(self, options: Sequence[str]) -> str:
        return options[0]

    def chance(self, probability: float) -> bool:
        return probability > 0.5


def caption(scene: Scene, rng: random.Random, language: Language, detail: Detail, cast: Mapping[str, Character] | None = None) -> str:
    """One caption of ``scene``; who acts and what they do is always said, other facts by chance (``SAID``)."""
    story = story_of(scene, cast or load_cast())
    choice = Choice(rng)
    words = _WRITERS[language](choice)
    for _ in range(8):
        text = words.write(_some_of(story, detail, choice), short=detail == "short")
        if detail != "short" or len(story.actors) > 1 or words.length(text) <= words.short_length:
            return text
    return words.write(Story(tuple(Actor(actor.character, actor.action) for actor in story.actors), story.place), short=True)


def sample_caption(scene: Scene, rng: random.Random, cast: Mapping[str, Character] | None = None) -> tuple[str, Language]:
    """A caption in a language and detail drawn as for training."""
    language: Language = "en" if rng.random() < ENGLISH_SHARE else "zh"
    detail = rng.choices(list(DETAIL_WEIGHTS), list(DETAIL_WEIGHTS.values()))[0]
    return caption(scene, rng, language, detail, cast), language


def canonical_caption(scene: Scene, language: Language, cast: Mapping[str, Character] | None = None) -> str:
    """The one complete wording of ``scene``: every fact, main names, first phrases."""
    return tell(story_of(scene, cast or load_cast()), language)


def tell(story: Story, language: Language) -> str:
    """The complete, deterministic wording of ``story``."""
    return _WRITERS[language](FirstChoice()).write(story, short=False)


def verb_of(actor: Actor, language: Language) -> str:
    """The verb that ``tell`` uses for ``actor``."""
    return _WRITERS[language](FirstChoice()).verb(actor)


def story_of(scene: Scene, cast: Mapping[str, Character]) -> Story:
    """Every fact of ``scene`` that a caption may state."""
    actors = tuple(Actor(cast[player.character], player.action, player.direction) for player in scene.players)
    return Story(actors, scene.place, scene.time, scene.camera.move, tuple(relations_of(scene)))


def relations_of(scene: Scene) -> Iterable[tuple[str, int, int]]:
    """What is clearly true of the first two players; nothing when their names could not be told apart."""
    if len(scene.players) != 2 or scene.players[0].character == scene.players[1].character:
        return
    first, second = scene.players
    actions = {first.action, second.action}
    if abs(first.x - second.x) >= MIN_APART and not actions & {Action.ENTER}:
        left, right = (0, 1) if first.x < second.x else (1, 0)
        yield ("left_of" if _stays_left(scene.players[left], scene.players[right], scene.seconds) else "starts_left_of"), left, right
    if actions & CHANGES_SIZE:
        return
    if abs(first.ground - second.ground) >= MIN_DEPTH and Action.FLY not in actions:
        yield "nearer_than", *((0, 1) if first.ground < second.ground else (1, 0))
    if max(first.size, second.size) >= MIN_RATIO * min(first.size, second.size):
        yield "bigger_than", *((0, 1) if first.size > second.size else (1, 0))


def _stays_left(left: Player, right: Player, seconds: float) -> bool:
    if {left.action, right.action} & (CHANGES_SIDE | CHANGES_SIZE):
        return False
    ends = [player.x + seconds * player.speed * _sign(player) for player in (left, right)]
    return ends[1] - ends[0] >= MIN_APART


def _sign(player: Player) -> int:
    if player.action not in TRAVELLING:
        return 0
    return {Direction.LEFT: -1, Direction.RIGHT: 1, Direction.NONE: 0}[player.direction]


def _some_of(story: Story, detail: Detail, choice: Choice) -> Story:
    """``story`` with facts left out as ``SAID`` has it."""
    said = SAID[detail]
    time_key = "day" if story.time is Time.DAY else "time"
    camera_key = "static" if story.camera is CameraMove.STATIC else "camera"
    with_direction = choice.chance(said["direction"])
    return Story(
        actors=tuple(actor if with_direction else Actor(actor.character, actor.action) for actor in story.actors),
        place=story.place if choice.chance(said["place"]) else None,
        time=story.time if choice.chance(said[time_key]) else None,
        camera=story.camera if choice.chance(said[camera_key]) else None,
        relations=tuple(relation for relation in story.relations if choice.chance(said["relation" if "left" in relation[0] else "depth"])),
    )


class _Writer:
    """What both languages share: phrases from the tables, and a layout that fits the facts."""

    language: Language
    short_length: int

    def __init__(self, choice: Choice) -> None:
        words = load_words()
        self._say: dict[str, Any] = words["say"][self.language]
        self._styles: tuple[dict[str, str], dict[str, str]] = (words["style_of_character"], words["style_of_gait"])
        self._double = frozenset(words["double"])
        self._unsaid = frozenset(words["unsaid_names"])
        self._choice = choice

    def length(self, text: str) -> int:
        raise NotImplementedError

    def write(self, story: Story, *, short: bool) -> str:
        raise NotImplementedError

    def _name(self, character: Character) -> str:
        """The main name or a synonym; some synonyms are understood but too ambiguous to teach."""
        names = [name for name in (character.en if self.language == "en" else character.zh) if name not in self._unsaid]
        return names[0] if len(names) == 1 or self._choice.chance(MAIN_NAME_SHARE) else self._choice.pick(names[1:])

    def _verb(self, actors: Sequence[Actor], story: Story) -> str:
        """The verb of one or several who do the same; those of one's own gait more often than the general ones."""
        action = actors[0].action
        table: dict[str, list[str]] = self._say["verb"][action]
        styles = {self._style(actor.character) for actor in actors}
        own = next((table[style] for style in styles.pop().split() if style in table), None) if len(styles) == 1 else None
        if "air" in table and story.place not in (Place.UNDERWATER, Place.MOON) and self._choice.chance(0.3):
            own = table["air"]
        phrases = own if own and self._choice.chance(0.75) else table["any"]
        headed = actors[0].direction is not Direction.NONE
        fitting = [phrase for phrase in phrases if not phrase.endswith("-" if headed else "*")]
        return self._choice.pick(fitting).rstrip("*-")

    def _style(self, character: Character) -> str:
        """Names of verb lists to look in, best first, separated by spaces."""
        by_character, by_gait = self._styles
        return by_character.get(character.id) or by_gait.get(character.gait, "any")

    def _way(self, actor: Actor) -> str:
        """The direction phrase, empty when there is none to say."""
        if actor.direction is Direction.NONE or actor.action not in TRAVELLING:
            return ""
        ways = self._say["way"]
        return side_words(self._choice.pick(ways.get(actor.action, ways["travel"])), actor.direction)

    def _place_kind(self, story: Story) -> str:
        """Travellers often go along or through a place, flyers over it."""
        actions = {actor.action for actor in story.actors}
        if actions == {Action.FLY}:
            return "over" if self._choice.chance(0.85) else "at"
        return "through" if actions <= {Action.WALK, Action.RUN} and self._choice.chance(0.4) else "at"

    def _time(self, story: Story) -> str:
        assert story.time is not None
        phrases: list[str] = self._say["time"][story.time]
        return self._choice.pick([phrase for phrase in phrases if story.place is not Place.UNDERWATER or "sky" not in phrase])

    def _layout(self, story: Story, kind: str) -> str:
        facts = ("p" if story.place else "") + ("t" if story.time else "")
        layouts: list[str] = self._say["layout"][kind][facts]
        crossing = story.actors[0].action in CHANGES_SIDE
        layout = self._choice.pick([layout for layout in layouts if len(story.actors) == 1 or "{m}" not in layout])
        return layout.replace("{p} {w}", "{w} {p}") if crossing else layout

    def verb(self, actor: Actor) -> str:
        """What ``actor`` does, without direction or ending: "walk", "walk in", 走."""
        return self._verb((actor,), Story((actor,)))

    def _is_joint(self, story: Story) -> bool:
        """Whether several players can share one verb."""
        same = len({(actor.action, actor.direction) for actor in story.actors}) == 1
        return len(story.actors) > 1 and same and self._choice.chance(0.7)

    def _join(self, clauses: Sequence[str], kind: str) -> str:
        joined = clauses[0]
        for clause in clauses[1:]:
            joined = self._choice.pick(self._say["layout"][kind]).format(a=joined, b=clause)
        return joined

    def _related(self, story: Story, names: Sequence[str]) -> list[str]:
        tables = self._say["relation"]
        return [self._choice.pick(tables[kind]).format(a=names[first], b=names[second]) for kind, first, second in story.relations]


class _English(_Writer):
    language: Language = "en"
    short_length = SHORT_WORDS

    def length(self, text: str) -> int:
        return len(text.split())

    def write(self, story: Story, *, short: bool) -> str:
        names = [self._name(actor.character) for actor in story.actors]
        fields = self._where(story) | {"t": self._time(story) if story.time else ""}
        if len(names) == 1 or self._is_joint(story):
            main = self._layout(story, "short" if short else "one").format(**fields, **self._shared(story, names))
        else:
            clauses = [self._clause(actor, name, story) for actor, name in zip(story.actors, names, strict=True)]
            main = self._layout(story, "many").format(**fields, c=self._join(clauses, "join"))
        sentences = [*re.split(r"(?<=\w)\. ", main), *self._related(story, [f"the {name}" for name in names])]
        return self._finish(self._with_camera(sentences, story, names), short)

    def _where(self, story: Story) -> dict[str, str]:
        """``l`` says where something is, ``p`` where it happens: in the woods, through the woods."""
        if story.place is None:
            return {"p": "", "l": ""}
        table = self._say["place"][story.place]
        return {"l": self._choice.pick(table["at"]), "p": self._choice.pick(table[self._place_kind(story)])}

    def _shared(self, story: Story, names: Sequence[str]) -> dict[str, str]:
        """Fields of the layouts in which all players share the verb."""
        verb = self._verb(story.actors, story)
        several = len(names) > 1
        subject = self._join([_with_article(name) for name in names], "both")
        return {
            "S": subject,
            "v": self._finite(verb, several),
            "g": self._conjugate(verb, "ing"),
            "w": self._fitting_way(story.actors[0], verb),
            "is": "are" if several else "is",
            "it": "They" if several else "It",
            "he": "they" if several else "it",
        }

    def _clause(self, actor: Actor, name: str, story: Story) -> str:
        verb = self._verb((actor,), story)
        return f"{_with_article(name)} {self._finite(verb, several=False)} {self._fitting_way(actor, verb)}".strip()

    def _fitting_way(self, actor: Actor, verb: str) -> str:
        way = self._way(actor)
        if " " not in way and " " in verb:
            return f"to the {way.removesuffix('wards')}" if way else ""
        return way.removeprefix("off ") if verb.endswith(" off") else way

    def _finite(self, verb: str, several: bool) -> str:
        if self._choice.chance(0.4):
            return f"{'are' if several else 'is'} {self._conjugate(verb, 'ing')}"
        return verb if several else self._conjugate(verb, "s")

    def _conjugate(self, phrase: str, ending: str) -> str:
        head, space, rest = phrase.partition(" ")
        return (_third_person(head) if ending == "s" else _gerund(head, head in self._double)) + space + rest

    def _with_camera(self, sentences: list[str], story: Story, names: Sequence[str]) -> list[str]:
        """The camera as its own sentence, first or last, or as the tail of the first sentence."""
        if story.camera is None:
            return sentences
        table = self._say["camera"][story.camera]
        who = f"the {names[0]}"
        if self._choice.chance(0.3):
            return [f"{sentences[0]}, {self._choice.pick(table['tail']).format(n=who)}", *sentences[1:]]
        sentence = self._choice.pick(table["sentence"]).format(n=who)
        if self._choice.chance(0.15) and "the" not in sentence.split()[-2]:
            return [sentence, *sentences]
        return [*sentences, sentence]

    def _finish(self, sentences: Sequence[str], short: bool) -> str:
        """Sentences as people type them: mostly with capitals and stops, at times without."""
        clean = [re.sub(r"\s+", " ", sentence).replace(" ,", ",").strip() for sentence in sentences]
        if self._choice.chance(0.5 if short else 0.25):
            text = ", ".join([clean[0], *(sentence[:1].lower() + sentence[1:] for sentence in clean[1:])])
            return re.sub(r"\b(?:an?|the) ", "", text) if short and self.length(text) > 4 and self._choice.chance(0.4) else text
        return " ".join(f"{sentence[:1].upper()}{sentence[1:]}." for sentence in clean)


class _Chinese(_Writer):
    language: Language = "zh"
    short_length = SHORT_CHARACTERS

    def length(self, text: str) -> int:
        return len(text)

    def write(self, story: Story, *, short: bool) -> str:
        names = [self._name(actor.character) for actor in story.actors]
        counted = self._counted(story.actors, names, short)
        fields = self._where(story) | {"t": self._time(story) if story.time else ""}
        if len(names) == 1 or self._is_joint(story):
            main = self._layout(story, "short" if short else "one").format(**fields, **self._shared(story, names, counted))
        else:
            clauses = [name + self._predicate((actor,), story) for actor, name in zip(story.actors, counted, strict=True)]
            main = self._layout(story, "many").format(**fields, c=self._join(clauses, "join"))
        sentences = [main, *self._related(story, names)]
        if story.camera is not None:
            sentences.append(self._choice.pick(self._say["camera"][story.camera]["sentence"]).format(n=names[0]))
        return self._finish(sentences)

    def _where(self, story: Story) -> dict[str, str]:
        if story.place is None:
            return {"p": "", "l": ""}
        table = self._say["place"][story.place]
        spot = self._choice.pick(table["at"])
        kind = self._place_kind(story)
        return {"l": spot, "p": f"在{spot}" if kind == "at" else self._choice.pick(table[kind])}

    def _shared(self, story: Story, names: Sequence[str], counted: Sequence[str]) -> dict[str, str]:
        subject = counted[0] if len(names) == 1 else self._join(counted, "both")
        predicate = self._predicate(story.actors, story)
        measure = f"一{story.actors[0].character.measure_zh}"
        return {"s": subject, "v": predicate, "V": predicate, "m": measure, "n": names[0]}

    def _counted(self, actors: Sequence[Actor], names: Sequence[str], short: bool) -> list[str]:
        """Names with their measure words, or all without, as in headlines."""
        if self._choice.chance(0.4 if short else 0.1):
            return list(names)
        return [f"一{actor.character.measure_zh}{name}" for actor, name in zip(actors, names, strict=True)]

    def _predicate(self, actors: Sequence[Actor], story: Story) -> str:
        return self._way(actors[0]) + self._verb(actors, story)

    def _finish(self, sentences: Sequence[str]) -> str:
        if self._choice.chance(0.25):
            return "，".join(sentences)
        return self._choice.pick(("。", "，")).join(sentences) + "。"


_WRITERS: dict[Language, type[_Writer]] = {"en": _English, "zh": _Chinese}


def _with_article(name: str) -> str:
    vowel = name[0].lower() in "aeiou" and not name.lower().startswith(("ufo", "uni", "eu", "one"))
    return f"{'an' if vowel else 'a'} {name}"


def _third_person(verb: str) -> str:
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + ("es" if verb.endswith(("s", "sh", "ch", "x", "z", "o")) else "s")


def _gerund(verb: str, doubles: bool) -> str:
    if verb.endswith("e") and not verb.endswith("ee"):
        return verb[:-1] + "ing"
    return verb + (verb[-1] if doubles else "") + "ing"
