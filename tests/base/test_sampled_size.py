from __future__ import annotations

import pytest

from misora.base.sampled_size import LARGEST_SIDE, SMALLEST_SIDE, doublings, sampled_size
from misora.base.shapes import RESOLUTIONS


@pytest.mark.parametrize(
    ("full", "small"),
    [
        ((480, 832), (240, 416)),
        ((832, 480), (416, 240)),
        ((720, 1280), (240, 428)),
        ((1080, 1920), (270, 480)),
        ((2048, 2048), (256, 256)),
        ((512, 512), (256, 256)),
        ((360, 640), (240, 428)),
        ((256, 256), None),
        ((288, 2048), None),
        ((64, 64), None),
    ],
)
def test_sizes_are_sampled_where_the_model_is_at_home(full: tuple[int, int], small: tuple[int, int] | None) -> None:
    assert sampled_size(*full) == small


@pytest.mark.parametrize("short", [*range(LARGEST_SIDE + 1, 700, 37), *RESOLUTIONS.values(), 2048])
@pytest.mark.parametrize("aspect", [1.0, 4 / 3, 16 / 9, 2.4])
def test_what_is_sampled_covers_the_full_size_after_doubling_and_is_even(short: int, aspect: float) -> None:
    size = sampled_size(short, round(short * aspect))
    if size is None:
        assert short <= LARGEST_SIDE
        return
    height, width = size
    assert SMALLEST_SIDE <= height <= LARGEST_SIDE and height % 2 == width % 2 == 0
    factor = 2 ** doublings(short, height)
    assert height * factor >= short and width * factor >= round(short * aspect) * factor * height / short - 1e-6
    assert width - round(short * aspect) * height / short < 2


def test_doublings_are_whole_and_none_where_nothing_grows() -> None:
    assert [doublings(large, 100) for large in (50, 100, 101, 200, 201, 400, 401)] == [0, 0, 1, 1, 2, 2, 3]
