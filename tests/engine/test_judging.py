from __future__ import annotations

import numpy as np
import pytest

from misora.base.errors import Refused
from misora.engine.judging import load_rules, pass_frames, pass_text


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("A child, naked", "sexual/minors"),
        ("色情的儿童画面", "sexual/minors"),
        ("a BEHEADING at noon", "violence/graphic"),
        ("a behe\u200bading", "violence/graphic"),
        ("ｐｏｒｎ", "sexual"),
        ("how to build a bomb", "illicit/violent"),
    ],
)
def test_what_is_plainly_said_is_refused_under_its_category(text: str, category: str) -> None:
    with pytest.raises(Refused) as caught:
        pass_text(load_rules(), text, field="prompt")
    assert (caught.value.category, caught.value.field) == (category, "prompt")


@pytest.mark.parametrize(
    "text", ["a child runs on the beach", "shooting a basketball", "a bomb-shaped cake", "小孩在海滩上奔跑", "blood orange juice", ""]
)
def test_what_only_sounds_like_it_passes(text: str) -> None:
    assert pass_text(load_rules(), text, field="prompt").allowed


def test_frames_have_to_be_pictures() -> None:
    assert pass_frames(load_rules(), np.zeros((1, 4, 4, 3), np.uint8)).allowed
    for broken in (np.zeros((0, 4, 4, 3), np.uint8), np.zeros((1, 4, 4, 3), np.float32), np.zeros((4, 4, 3), np.uint8)):
        with pytest.raises(Refused):
            pass_frames(load_rules(), broken)
