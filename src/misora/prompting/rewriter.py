"""The offline rewriter: a short prompt, in English or Chinese, becomes complete captions like those of training.

What was said is kept, words near to a known one are replaced by it, "then" makes a caption for each moment, and what is missing (place,
time, direction, camera) comes from the style preset or is added, chosen from a hash of the prompt so that the same prompt always gives the
same text. Every change is reported. A prompt that names no known character is returned unchanged: the rewriter invents surroundings, never
an actor.
"""

from __future__ import annotations

from dataclasses import dataclass

from misora.prompting.meaning import load_meaning
from misora.prompting.presets import Preset
from misora.prompting.reading import Nearest, PromptReading, read_prompt
from misora.prompting.scenario import FullScenario, Scenario
from misora.prompting.vocabulary import load_vocabulary
from misora.world.captions import Language, tell
from misora.world.lexicon import Lexicon
from misora.world.readings import Kind, Reading
from misora.world.telling.stories import tell_story
from misora.world.tier import SMALL

#: What stands between the captions of two moments when they are shown as one text.
THEN = {"en": " Then ", "zh": "然后，"}


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
        dropped: Understood but more than a scene can hold: a third character, a second place.
        from_preset: Phrases that the style preset gave, where the prompt left them open.
        beats: One caption for each moment, in order; they share the video's time evenly. Empty is ``text`` throughout.
        excluded: What the prompt says should not be seen.
        by: Who wrote ``text``: "offline", "chat", or "" when it is the prompt itself.
        note: What a reader should know about how it was written, one sentence; empty is nothing.
    """

    text: str
    language: Language
    understood: tuple[tuple[str, str], ...] = ()
    unknown_words: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    replaced: tuple[tuple[str, str], ...] = ()
    dropped: tuple[str, ...] = ()
    from_preset: tuple[str, ...] = ()
    beats: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    by: str = ""
    note: str = ""


def rewrite(
    prompt: str,
    lexicon: Lexicon | None = None,
    preset: Preset | None = None,
    nearest: Nearest | None = None,
    tier: str = SMALL.name,
    seconds: float | None = None,
) -> Rewrite:
    """``prompt`` in the style of the training captions.

    Args:
        lexicon: What words mean; None is the tier's own.
        preset: Gives place, time and camera where the prompt leaves them open, before they are made up.
        nearest: As in ``read_prompt``; None asks the encoder of ``misora[meaning]`` where that is installed.
        seconds: Of the video, where that is known: in a long one the camera goes along with who walks, runs or flies.
        tier: What the model was taught. The small one has neither weather nor colours, and takes much for something near.
    """
    lexicon = lexicon or load_vocabulary(tier)
    scenario_of, told = (Scenario, tell) if tier == SMALL.name else (FullScenario, tell_story)
    meaning = load_meaning() if nearest is None else None
    reading = read_prompt(prompt, lexicon, meaning.nearest if meaning else nearest)
    language: Language = "zh" if reading.language == "zh" else "en"
    scenario = scenario_of(prompt, reading, lexicon, language, style_of(preset, lexicon), seconds)
    beats = tuple(told(story, language) for story in scenario.stories())
    account = scenario.account
    return Rewrite(
        text=joined(beats, language) if beats else prompt,
        language=language,
        understood=understood(reading),
        unknown_words=reading.unknown,
        added=account.added if beats else (),
        replaced=account.replaced if beats else (),
        dropped=account.dropped if beats else (),
        from_preset=account.from_preset,
        beats=beats if len(beats) > 1 else (),
        excluded=reading.excluded,
        by="offline" if beats else "",
    )


def style_of(preset: Preset | None, lexicon: Lexicon) -> Reading | None:
    """What a preset's text says of place, time and camera."""
    return lexicon.read(preset.text) if preset else None


def understood(reading: PromptReading) -> tuple[tuple[str, str], ...]:
    """(kind, value) of every phrase that names something to be seen."""
    entries = [match.entry for match in reading.matches if match.entry.kind is not Kind.IGNORE]
    return tuple(dict.fromkeys((str(entry.kind), entry.value) for entry in entries))


def joined(beats: tuple[str, ...], language: Language) -> str:
    """Captions of several moments as one text."""
    first, *others = beats
    return first + "".join(THEN[language] + (_lowered(beat) if language == "en" else beat) for beat in others)


def _lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
