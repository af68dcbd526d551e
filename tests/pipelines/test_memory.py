from __future__ import annotations

import pytest

from misora.base.errors import InputError
from misora.base.shapes import VideoShape
from misora.pipelines.memory import MIB, check_memory, working_bytes


def shape(height: int, width: int, num_frames: int = 49) -> VideoShape:
    return VideoShape(num_frames, height, width, 24.0)


@pytest.mark.parametrize(
    ("height", "width", "sampled", "measured"),
    [(256, 256, None, 61), (512, 512, None, 135), (768, 768, None, 341), (480, 832, (240, 416), 149), (1080, 1920, (270, 480), 503)],
)
def test_the_estimate_covers_what_was_measured_and_little_more(
    height: int, width: int, sampled: tuple[int, int] | None, measured: int
) -> None:
    estimate = working_bytes(shape(height, width), sampled) / MIB
    assert measured <= estimate * 1.01 and estimate <= 1.3 * measured


def test_length_costs_no_memory() -> None:
    assert working_bytes(shape(480, 832, 1440), (240, 416)) == working_bytes(shape(480, 832, 9), (240, 416))


def test_what_does_not_fit_is_refused_with_what_would() -> None:
    check_memory(shape(1080, 1920), (270, 480), 100 * MIB, None)
    check_memory(shape(1080, 1920), (270, 480), 100 * MIB, 700 * MIB)
    with pytest.raises(
        InputError, match=r"1920x1080 takes about 514 MiB beside the networks' 100, and .* allows 500; nearest: 1280x720"
    ) as caught:
        check_memory(shape(1080, 1920), (270, 480), 100 * MIB, 500 * MIB)
    assert caught.value.field == "size"
    with pytest.raises(InputError, match=r"allows 110$"):
        check_memory(shape(1080, 1920), (270, 480), 100 * MIB, 110 * MIB)
