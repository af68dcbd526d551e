"""The two grids, named sizes, and what is refused."""

from __future__ import annotations

import math

import pytest

from misora.base.errors import InputError
from misora.base.shapes import (
    ASPECTS,
    RESOLUTIONS,
    SPACE_STRIDE,
    LatentShape,
    VideoShape,
    frames_for,
    latent_frames,
    latent_side,
    parse_size,
    pixel_frames,
    size_for,
)


@pytest.mark.parametrize(("pixels", "latents"), [(1, 1), (2, 2), (8, 2), (9, 2), (10, 3), (17, 3), (49, 7), (121, 16)])
def test_latent_frames_round_up_to_the_causal_grid(pixels: int, latents: int) -> None:
    assert latent_frames(pixels) == latents


def test_the_grids_invert_each_other_where_they_meet() -> None:
    for latents in range(1, 200):
        assert latent_frames(pixel_frames(latents)) == latents
        assert latent_frames(pixel_frames(latents) + 1) == latents + 1


def test_a_latent_shape_covers_the_pixels_with_less_than_a_cell_to_spare() -> None:
    for num_frames, side in [(1, 64), (2, 65), (50, 480), (121, 833), (3600, 2048)]:
        shape = VideoShape(num_frames, side, side, 24)
        frames, height, width = shape.latent.pixel_size
        assert 0 <= frames - num_frames < 8
        assert 0 <= height - side < SPACE_STRIDE
        assert height == width == latent_side(side) * SPACE_STRIDE


def test_tokens_are_the_product_of_the_latent_grid() -> None:
    assert VideoShape(33, 480, 832, 16).latent == LatentShape(5, 15, 26)
    assert LatentShape(5, 15, 26).num_tokens == 1950


def test_seconds_follow_from_frames_and_rate() -> None:
    assert VideoShape(48, 64, 64, 24).seconds == 2.0


@pytest.mark.parametrize(
    ("arguments", "field", "nearest"),
    [
        ((1, 0, 64, 24), "height", "64"),
        ((1, 64, 63, 24), "width", "64"),
        ((1, 64, 4096, 24), "width", "2048"),
        ((1, 64, 64, 7.9), "fps", "8"),
        ((1, 64, 64, 240), "fps", "60"),
        ((1, 64, 64, math.nan), "fps", "8"),
        ((0, 64, 64, 24), "num_frames", "1"),
        ((-5, 64, 64, 24), "num_frames", "1"),
    ],
)
def test_a_shape_that_cannot_be_made_names_the_field_the_value_and_the_nearest(
    arguments: tuple[int, int, int, float], field: str, nearest: str
) -> None:
    with pytest.raises(InputError, match=rf"^{field}=.*nearest: {nearest}$") as caught:
        VideoShape(*arguments)
    assert caught.value.field == field


@pytest.mark.parametrize(("text", "size"), [("832x480", (480, 832)), ("480X832", (832, 480)), (" 64 × 128 ", (128, 64))])
def test_sizes_are_written_width_first_and_returned_height_first(text: str, size: tuple[int, int]) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "832", "x480", "832x", "832x480x3", "-832x480", "8.5x480", "large", "8²x480", "832*480"])
def test_a_size_that_is_not_two_numbers_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InputError, match="832x480") as caught:
        parse_size(text)
    assert caught.value.field == "size"
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    ("resolution", "aspect", "size"),
    [
        ("480p", "16:9", (480, 832)),
        ("480p", "9:16", (832, 480)),
        ("480p", "1:1", (480, 480)),
        ("480p", "4:3", (480, 640)),
        ("720p", "16:9", (720, 1280)),
        ("1080p", "9:16", (1920, 1080)),
    ],
)
def test_named_sizes(resolution: str, aspect: str, size: tuple[int, int]) -> None:
    assert size_for(resolution, aspect) == size


def test_every_named_size_is_even_and_can_be_made() -> None:
    for resolution in RESOLUTIONS:
        for aspect in ASPECTS:
            height, width = size_for(resolution, aspect)
            assert height % 2 == width % 2 == 0
            VideoShape(1, height, width, 24)


@pytest.mark.parametrize(
    ("resolution", "aspect", "field", "offered"), [("8k", "16:9", "resolution", "480p"), ("480p", "21:9", "aspect", "16:9")]
)
def test_an_unknown_name_lists_the_known_ones(resolution: str, aspect: str, field: str, offered: str) -> None:
    with pytest.raises(InputError, match=rf"^{field}='.*{offered}") as caught:
        size_for(resolution, aspect)
    assert caught.value.field == field


@pytest.mark.parametrize(("seconds", "fps", "frames"), [(5, 24, 120), (0.001, 24, 1), (60, 60, 3600), (1.5, 16, 24), (1, 23.976, 24)])
def test_frames_for_a_length(seconds: float, fps: float, frames: int) -> None:
    assert frames_for(seconds, fps) == frames


@pytest.mark.parametrize(
    ("seconds", "fps", "field", "nearest"),
    [
        (0, 24, "seconds", "0.0417"),
        (-1, 10, "seconds", "0.1"),
        (10_000, 24, "seconds", "60"),
        (math.inf, 24, "seconds", "60"),
        (math.nan, 24, "seconds", "60"),
        (5, math.nan, "fps", "8"),
        (0, 0, "fps", "8"),
        (5, math.inf, "fps", "60"),
    ],
)
def test_a_length_or_rate_that_cannot_be_made(seconds: float, fps: float, field: str, nearest: str) -> None:
    with pytest.raises(InputError, match=rf"^{field}=.*nearest: {nearest}$") as caught:
        frames_for(seconds, fps)
    assert caught.value.field == field
