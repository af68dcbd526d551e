"""Films told in Chinese."""

from __future__ import annotations

import re
from collections.abc import Sequence

from misora.world.captions import Language
from misora.world.telling.story import Relation, Shot, Troupe
from misora.world.telling.writer import BRIEF, Writer


class Chinese(Writer):
    """Sentences of one film in Chinese."""

    language: Language = "zh"

    def at_words(self, phrase: str) -> str:
        return f"在{phrase}"

    def shot(self, shot: Shot, last: Shot | None) -> list[str]:
        """The sentences of one shot, without stops."""
        known = {troupe.character.id for troupe in last.troupes} if last else set()
        setting = self.setting(shot, last)
        troupes = self.chosen_troupes(shot)
        clauses, names = [], {}
        for number, troupe in enumerate(troupes):
            name = self.name_of(troupe.character)
            names.update(dict.fromkeys(troupe.players, name))
            self.claim_troupe(troupe)
            inner = self.inner_place(setting, troupe) if number == 0 else ""
            clauses.append(self.clause(troupe, name, shot, inner, is_known=troupe.character.id in known))
        sentences = self.joined(clauses, setting, shot)
        sentences += [self.related(relation, names) for relation in self.chosen_relations(shot, troupes)]
        if self.wants_camera(shot):
            leading = names[shot.troupes[0].players[0]]
            sentences.append(self.choice.pick(self.say["camera"][shot.camera]["sentence"]).format(n=leading))
        return sentences

    def inner_place(self, setting: dict[str, str], troupe: Troupe) -> str:
        """The place when it stands between subject and verb, else empty; a way through a place always does."""
        place = setting.get("place", "")
        if place and len(troupe.steps) == 1 and (not place.startswith("在") or self.choice.chance(0.55)):
            return setting.pop("place")
        return ""

    def joined(self, clauses: Sequence[str], setting: dict[str, str], shot: Shot) -> list[str]:
        """Time, place and weather stand before the first clause, the other clauses after it."""
        pieces = [setting[kind].removeprefix("在") for kind in ("time", "place") if kind in setting]
        apart = []
        if shot.weather and setting.get("weather") == "phrase":
            pieces.append(self.choice.pick(self.say["weather"][shot.weather]["phrase"]))
        elif shot.weather and setting.get("weather") == "sentence":
            apart.append(self.choice.pick(self.say["weather"][shot.weather]["sentence"]))
        order = pieces if self.choice.chance(0.65) else list(reversed(pieces))
        front = self.choice.pick(("，", "，", "的")).join(order) if len(order) == 2 else "，".join(order)
        join = self.choice.pick(("，", "，同时", "，而"))
        sentence = f"{front}，{clauses[0]}" if front else clauses[0]
        if len(clauses) == 2 and self.choice.chance(0.6):
            sentence, clauses = f"{sentence}{join}{clauses[1]}", clauses[:1]
        told = [sentence, *clauses[1:]]
        return [*apart, *told] if self.choice.chance(0.6) else [*told, *apart]

    def clause(self, troupe: Troupe, name: str, shot: Shot, place: str, *, is_known: bool) -> str:
        subject = self.subject(troupe, name, is_known=is_known)
        phrases = [self.predicate(troupe, number, shot) for number in range(len(troupe.steps))]
        both = "都" if troupe.count > 1 and self.choice.chance(0.3) else ""
        if len(phrases) == 1:
            now = "正" if not both and self.choice.chance(0.2) else ""
            return f"{subject}{both}{now}{place}{phrases[0]}"
        parts = {str(number): phrase for number, phrase in enumerate(phrases, start=1)}
        sentence = self.choice.pick(self.say["then"]) + (self.choice.pick(self.say["third"]) if len(parts) == 3 else "")
        return f"{subject}{both}{re.sub(r'{(.)}', lambda match: parts[match.group(1)], sentence)}"

    def subject(self, troupe: Troupe, name: str, *, is_known: bool) -> str:
        colour = self.colour_of(troupe, name)
        measure = troupe.character.measure_zh
        if troupe.count > 1:
            return f"{self.choice.pick(self.say['count'][str(troupe.count)])}{measure}{colour}{name}"
        if is_known:
            return f"{self.choice.pick(('那', '同一', '这'))}{measure}{colour}{name}"
        bare = self.choice.chance(0.4 if self.detail in BRIEF else 0.08)
        return f"{colour}{name}" if bare else f"一{measure}{colour}{name}"

    def predicate(self, troupe: Troupe, number: int, shot: Shot) -> str:
        step = troupe.steps[number]
        verb = self.verb_of(step, troupe.character, shot.place)
        self.claim("action", step.action, troupe.players)
        if troupe.partner and "{b}" in verb:
            name = self.name_of(troupe.partner.character)
            verb = verb.replace("{b}", f"一{troupe.partner.character.measure_zh}{self.painted(troupe.partner, name)}{name}")
        way = self.way_of(step)
        if way:
            self.claim("direction", step.direction, troupe.players)
        return way + verb

    def related(self, relation: Relation, names: dict[int, str]) -> str:
        phrase = self.choice.pick(self.say["relation"][relation.kind])
        return phrase.format(**{key: names[index] for key, index in zip("abc", relation.players, strict=False)})

    def cut(self, sentences: Sequence[str]) -> list[str]:
        """A later shot's sentences, the first of which says that there was a cut."""
        return [self.choice.pick(self.say["cut_plain"]).format(x=sentences[0]), *sentences[1:]]

    def finished(self, sentences: Sequence[str]) -> str:
        if self.choice.chance(0.2):
            return "，".join(sentences)
        return self.choice.pick(("。", "。", "，")).join(sentences) + "。"

    def length(self, text: str) -> int:
        return len(text)
