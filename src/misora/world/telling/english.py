"""Films told in English."""

from __future__ import annotations

import re
from collections.abc import Sequence

from misora.world.captions import Language, _gerund, _third_person, _with_article
from misora.world.program import Action
from misora.world.telling.story import Relation, Shot, Troupe
from misora.world.telling.writer import BRIEF, Writer

VOWELS = "aeiou"


class English(Writer):
    """Sentences of one film in English."""

    language: Language = "en"

    def shot(self, shot: Shot, last: Shot | None) -> list[str]:
        """The sentences of one shot, without capitals and stops."""
        known = {troupe.character.id for troupe in last.troupes} if last else set()
        setting = self.setting(shot, last)
        troupes = self.chosen_troupes(shot)
        clauses, names = [], {}
        for troupe in troupes:
            name = self.name_of(troupe.character)
            names.update(dict.fromkeys(troupe.players, name))
            self.claim_troupe(troupe)
            clauses.append(self.clause(troupe, name, shot, is_known=troupe.character.id in known))
        sentences = self.joined(clauses, setting, shot)
        sentences += [self.related(relation, names) for relation in self.chosen_relations(shot, troupes)]
        return self.filmed(sentences, shot, names[troupes[0].players[0]])

    def joined(self, clauses: Sequence[str], setting: dict[str, str], shot: Shot) -> list[str]:
        """The setting stands round the first clause or before it; the others follow it or make sentences of their own."""
        pieces = [setting[kind] for kind in ("place", "time") if kind in setting]
        apart = []
        if shot.weather and setting.get("weather") == "phrase":
            pieces.append(self.choice.pick(self.say["weather"][shot.weather]["phrase"]))
        elif shot.weather and setting.get("weather") == "sentence":
            apart.append(self.choice.pick(self.say["weather"][shot.weather]["sentence"]))
        front, back = self.split(pieces)
        first = clauses[0]
        rest = list(clauses[1:])
        if len(rest) == 1 and self.choice.chance(0.55):
            first = f"{first}{self.choice.pick((' and ', ' while ', ', and ', ', while '))}{rest.pop()}"
            front, back = [*front, *back], []
        sentence = ", ".join([" ".join(front), " ".join([first, *back])] if front else [" ".join([first, *back])])
        return [*apart, sentence, *rest] if self.choice.chance(0.5) else [sentence, *rest, *apart]

    def split(self, pieces: Sequence[str]) -> tuple[list[str], list[str]]:
        """Which pieces stand before the clause and which behind it; at most two before it."""
        count = min(len(pieces), int(self.choice.pick("00112")))
        order = list(pieces) if self.choice.chance(0.6) else list(reversed(pieces))
        return (order[-count:], order[:-count]) if count else ([], order)

    def clause(self, troupe: Troupe, name: str, shot: Shot, *, is_known: bool) -> str:
        subject, is_plural = self.subject(troupe, name, is_known=is_known)
        phrases = [self.predicate(troupe, number, shot) for number in range(len(troupe.steps))]
        if len(phrases) == 1:
            if self.choice.chance(0.4):
                return f"{subject} {'are' if is_plural else 'is'} {inflected(phrases[0], 'ing', self.words['double'])}"
            return f"{subject} {phrases[0] if is_plural else inflected(phrases[0], 's', self.words['double'])}".replace("[", "").replace(
                "]", ""
            )
        told = [phrase if is_plural else inflected(phrase, "s", self.words["double"]) for phrase in phrases]
        parts = {str(number): phrase.replace("[", "").replace("]", "") for number, phrase in enumerate(told, start=1)}
        sentence = self.choice.pick(self.say["then"])
        if len(parts) == 3:
            sentence = self.choice.pick([one for one in self.say["then"] if "before" not in one]) + self.choice.pick(self.say["third"])
        return f"{subject} {re.sub(r'{(.)}', lambda match: parts[match.group(1)], sentence)}"

    def subject(self, troupe: Troupe, name: str, *, is_known: bool) -> tuple[str, bool]:
        """(words, whether the verb is in the plural)."""
        colour = self.colour_of(troupe, name)
        if troupe.count > 1:
            count = self.choice.pick(self.say["count"][str(troupe.count)])
            return " ".join(part for part in (count, colour, plural_of(name, self.words["plural"])) if part), True
        full = f"{colour} {name}".strip()
        if is_known:
            return f"the {'same ' if self.choice.chance(0.4) else ''}{full}", False
        return with_article(full), False

    def predicate(self, troupe: Troupe, number: int, shot: Shot) -> str:
        """What the troupe does in one step, its verb uninflected, with its way and its partner."""
        step = troupe.steps[number]
        verb = self.verb_of(step, troupe.character, shot.place)
        self.claim("action", step.action, troupe.players)
        if troupe.partner and "{b}" in verb:
            name = self.name_of(troupe.partner.character)
            verb = verb.replace("{b}", with_article(f"{self.painted(troupe.partner, name)} {name}".strip()))
        way = "" if "[" in verb or step.action is Action.MEET else self.way_of(step)
        if way:
            self.claim("direction", step.direction, troupe.players)
        return f"{verb} {fitted(way, verb, step.action)}".strip()

    def related(self, relation: Relation, names: dict[int, str]) -> str:
        phrase = self.choice.pick(self.say["relation"][relation.kind])
        return phrase.format(**{key: f"the {names[index]}" for key, index in zip("abc", relation.players, strict=False)})

    def filmed(self, sentences: list[str], shot: Shot, name: str) -> list[str]:
        """The camera as a sentence, or as the tail of one."""
        if not self.wants_camera(shot):
            return sentences
        table = self.say["camera"][shot.camera]
        if self.choice.chance(0.3):
            return [f"{sentences[0]}, {self.choice.pick(table['tail']).format(n=f'the {name}')}", *sentences[1:]]
        sentence = self.choice.pick(table["sentence"]).format(n=f"the {name}")
        return [sentence, *sentences] if self.choice.chance(0.15) and "the " + name not in sentence else [*sentences, sentence]

    def cut(self, sentences: Sequence[str]) -> list[str]:
        """A later shot's sentences, the first of which says that there was a cut."""
        return [self.choice.pick(self.say["cut_plain"]).format(x=sentences[0]), *sentences[1:]]

    def finished(self, sentences: Sequence[str]) -> str:
        """As people type: mostly with capitals and stops, at times without; short ones also without articles."""
        clean = [re.sub(r"\s+", " ", sentence).replace(" ,", ",").strip() for sentence in sentences]
        if self.choice.chance(0.45 if self.detail in BRIEF else 0.2):
            text = ", ".join(clean)
            bare = self.detail in BRIEF and len(text.split()) > 4 and self.choice.chance(0.4)
            return re.sub(r"\b(?:an?|the) ", "", text) if bare else text
        return " ".join(f"{sentence[:1].upper()}{sentence[1:]}." for sentence in clean)

    def length(self, text: str) -> int:
        return len(text.split())


def fitted(way: str, verb: str, action: Action) -> str:
    """``way`` so that it reads after ``verb``: "walks off to the left", not "walks off off to the left"."""
    if way and " " not in way and " " in verb:
        return f"to the {way.removesuffix('wards')}"
    return way.removeprefix("off ") if verb.endswith(" off") else way


def with_article(phrase: str) -> str:
    return phrase if phrase == "Santa Claus" else _with_article(phrase)


def inflected(phrase: str, ending: str, doubles: frozenset[str]) -> str:
    """The verbs of ``phrase`` with ``ending`` ("s" or "ing"): those in [brackets], or its first word when there are none."""

    def one(verb: str) -> str:
        return _third_person(verb) if ending == "s" else _gerund(verb, verb in doubles)

    if "[" in phrase:
        return re.sub(r"\[(\w+)\]", lambda match: one(match.group(1)), phrase)
    head, space, rest = phrase.partition(" ")
    return one(head) + space + rest


def plural_of(name: str, irregular: dict[str, str]) -> str:
    """More than one of ``name``; the last word changes unless the list of irregular ones says otherwise."""
    if name in irregular:
        return irregular[name]
    head, space, last = name.rpartition(" ")
    if last in irregular:
        return head + space + irregular[last]
    if last.endswith("y") and last[-2] not in VOWELS:
        return f"{head}{space}{last[:-1]}ies"
    return head + space + last + ("es" if last.endswith(("s", "sh", "ch", "x", "z")) else "s")
