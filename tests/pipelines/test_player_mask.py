from __future__ import annotations

import numpy as np
import pytest
import torch

from misora.base.errors import InputError
from misora.models.parser.reading import ClipReading, PlayerReading
from misora.models.parser.tracks import Track
from misora.pipelines.player_mask import boxes, choose_player

FRAMES = np.zeros((24, 100, 200, 3), np.uint8)


def track(x: float) -> Track:
    """Half as high as the picture and standing on a fifth of it, seen in the first two of three looks."""
    ones = torch.ones(3)
    return Track(ones, x * ones, 0.2 * ones, 0.5 * ones, 0.4 * ones, torch.tensor([True, True, False]))


def player(name: str, x: float = 0.0) -> PlayerReading:
    return PlayerReading({name: 0.9, "cow": 0.1}, {"walk": 1.0}, {"left": 1.0}, track(x))


def reading(*players: PlayerReading) -> ClipReading:
    return ClipReading({}, {}, {}, players, torch.zeros(3, 2), torch.zeros(4), 3.0)


def test_whoever_is_named_is_found_in_either_language() -> None:
    dog, cat = player("dog"), player("cat", 0.5)
    assert choose_player(reading(dog, cat), "the cat") is cat and choose_player(reading(dog, cat), "小狗") is dog


def test_the_mask_is_the_box_and_a_margin_and_is_empty_where_nobody_is_seen() -> None:
    where = boxes(track(0.5), 3.0, FRAMES, 24.0)
    rows, columns = np.nonzero(where[0])
    assert (rows.min(), rows.max()) == pytest.approx((22, 87), abs=1)  # feet at row 80, 50 high, 15 % more on either side
    assert (columns.min(), columns.max()) == pytest.approx((124, 175), abs=1)  # middle 150, 40 wide
    assert where[:12].all(axis=0)[rows, columns].all() and not where[20:].any()


@pytest.mark.parametrize(
    ("who", "says"), [("the moon", "names nobody that the critic knows"), ("the cat", "is not seen in the clip; the critic sees dog")]
)
def test_somebody_who_is_not_there_is_said_so(who: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        choose_player(reading(player("dog")), who)
    assert caught.value.field == "player"
