from __future__ import annotations

import torch

from misora.models.parser.reading import ClipReading, PlayerReading
from misora.models.parser.tracks import Track
from misora.pipelines.retelling import story_of_reading, sure
from misora.world.captions import tell
from misora.world.lexicon import load_lexicon

ONES = torch.ones(2)
TRACK = Track(ONES, ONES, ONES, ONES, ONES, ONES.bool())


def reading(*players: PlayerReading) -> ClipReading:
    shares = ({"beach": 0.9, "snow": 0.1}, {"day": 0.4, "night": 0.35, "sunset": 0.25}, {"static": 0.8, "pan": 0.2})
    return ClipReading(*shares, players, torch.zeros(2, 2), torch.zeros(4), 8.0)


def test_what_is_likely_is_told_in_words_that_the_lexicon_reads_back() -> None:
    dog = PlayerReading({"dog": 0.9, "fox": 0.1}, {"run": 0.7, "walk": 0.3}, {"left": 0.6, "right": 0.4}, TRACK)
    story = story_of_reading(reading(dog))
    assert story.time is None
    caption = tell(story, "en")
    read = load_lexicon().read(caption)
    assert "dog" in read.mentioned and read.places[0] == "beach" and read.events[0].direction == "left"


def test_a_player_that_may_be_anybody_is_left_out() -> None:
    someone = PlayerReading({"dog": 0.4, "fox": 0.35, "cow": 0.25}, {"run": 1.0}, {"left": 1.0}, TRACK)
    assert story_of_reading(reading(someone)).actors == ()
    assert sure({}) is None
