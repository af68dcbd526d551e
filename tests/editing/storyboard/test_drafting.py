from __future__ import annotations

import pytest

from misora.base.errors import InputError
from misora.editing.storyboard.drafting import draft_from_clip, draft_from_story
from misora.editing.storyboard.file import parse_storyboard, write_storyboard


@pytest.mark.parametrize(
    ("story", "texts"),
    [
        ("A dog runs. Then it jumps, and then it sleeps!", ["A dog runs", "it jumps", "it sleeps"]),
        ("一只小狗在奔跑。然后它跳起来，接着睡着了", ["一只小狗在奔跑", "它跳起来", "睡着了"]),
        ("a dog runs\na cat jumps", ["a dog runs", "a cat jumps"]),
        ("a 3.5 m whale swims", ["a 3.5 m whale swims"]),
    ],
)
def test_a_story_is_a_card_for_each_thing_that_happens(story: str, texts: list[str]) -> None:
    board = draft_from_story(story)
    assert [card.text for card in board.cards] == texts
    assert [card.at for card in board.cards] == [2.0 * number for number in range(len(texts))]
    assert board.seconds == 2.0 * len(texts) and parse_storyboard(write_storyboard(board)) == board


def test_a_long_story_is_told_faster_and_an_empty_one_not_at_all() -> None:
    board = draft_from_story("A dog runs. " * 60)
    assert len(board.cards) == 60 and board.seconds == pytest.approx(60)
    with pytest.raises(InputError, match="the story is empty"):
        draft_from_story(" . ")


def test_a_clip_is_a_card_for_each_shot() -> None:
    board = draft_from_clip("clip.mp4", (24, 60), ["a", "", "c"], 72, 24.0, height=240, width=416)
    assert [(card.at, card.start, card.end, card.transition) for card in board.cards] == [
        (0.0, 0.0, 1.0, "auto"), (1.0, 1.0, 2.5, "cut"), (2.5, 2.5, 3.0, "cut"),
    ]  # fmt: skip
    assert parse_storyboard(write_storyboard(board)) == board
