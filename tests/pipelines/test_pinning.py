from __future__ import annotations

import numpy as np
import pytest
import torch

from misora.base.canvas import Pin
from misora.base.shapes import VideoShape
from misora.pipelines.grid import grid_of
from misora.pipelines.pinning import encode_pins, held_cells, held_frames
from misora.pipelines.streaming import VideoCodec
from tiny import tiny_vae


def blank(count: int, height: int = 64, width: int = 96) -> np.ndarray:
    return np.zeros((count, height, width, 3), np.uint8)


@pytest.mark.parametrize(
    ("frame_index", "count", "num_frames", "held"),
    [
        (0, 1, 17, (0, 0)),  # a picture at the start is the first latent frame, exactly
        (0, 5, 17, (0, 0)),  # frames 1 to 4 do not fill latent frame 1
        (0, 9, 17, (0, 1)),
        (0, 17, 17, (0, 2)),
        (1, 8, 17, (1, 1)),
        (2, 8, 25, (1, 1)),  # covers no latent frame whole: that of its middle picture
        (2, 15, 25, (2, 2)),
        (12, 1, 25, (2, 2)),  # a picture in the middle
        (24, 1, 25, (3, 3)),
        (9, 5, 14, (2, 2)),  # the canvas ends inside a latent frame: reaching its end is enough
        (0, 14, 14, (0, 2)),
    ],
)
def test_which_latent_frames_a_pin_holds(frame_index: int, count: int, num_frames: int, held: tuple[int, int]) -> None:
    assert held_frames(Pin(blank(count), frame_index), num_frames) == held


def test_a_cell_is_held_only_if_the_mask_covers_all_of_it() -> None:
    grid = grid_of(VideoShape(1, 64, 96, 24.0))
    mask = np.zeros((64, 96), np.bool_)
    mask[:, :63] = True
    assert held_cells(Pin(blank(1), mask=mask), grid, 0).tolist() == [[True, False, False], [True, False, False]]
    assert held_cells(Pin(blank(1)), grid, 0).all()


def test_pins_become_the_autoencoders_own_latents_at_their_strength(rng: np.random.Generator) -> None:
    codec = VideoCodec(tiny_vae())
    shape = VideoShape(17, 64, 96, 24.0)
    clip = rng.integers(0, 256, (9, 64, 96, 3), dtype=np.uint8)
    known = encode_pins([Pin(clip, 0, 1.0), Pin(clip[:1], 16, 0.25)], grid_of(shape), codec, 8)
    assert torch.equal(known.latents[:, :, :2], codec.encode(clip))
    assert known.frame_strength.tolist() == [[1.0, 1.0, 0.25]]
    assert not known.has_masks


def test_pins_of_strength_zero_are_ignored_and_later_pins_win() -> None:
    codec = VideoCodec(tiny_vae())
    grid = grid_of(VideoShape(9, 64, 96, 24.0))
    pins = [Pin(blank(9)), Pin(blank(1) + 255, 0, 0.5), Pin(blank(9), 0, 0.0)]
    known = encode_pins(pins, grid, codec, 8)
    assert known.frame_strength.tolist() == [[0.5, 1.0]]


def test_a_touching_mask_holds_cells_that_it_covers_in_part() -> None:
    grid = grid_of(VideoShape(1, 64, 96, 24.0))
    mask = np.zeros((64, 96), np.bool_)
    mask[:20, :40] = True
    assert held_cells(Pin(blank(1), mask=mask, touching=True), grid, 0).tolist() == [[True, True, False], [False, False, False]]


def test_masked_cells_are_held_at_every_level_and_free_ones_never() -> None:
    codec = VideoCodec(tiny_vae())
    mask = np.zeros((64, 96), np.bool_)
    mask[:, :32] = True
    known = encode_pins([Pin(blank(1), mask=mask)], grid_of(VideoShape(1, 64, 96, 24.0)), codec, 8)
    assert known.has_masks and known.frame_strength.tolist() == [[0.0]]
    x, noise = torch.full_like(known.latents, 5.0), torch.zeros_like(known.latents)
    for sigma in (0.7, 0.0):
        held = known.hold(x, noise, torch.full((1, 1), sigma))
        assert torch.equal(held[..., 0], (1 - sigma) * known.latents[..., 0])
        assert torch.equal(held[..., 1:], x[..., 1:])


def test_a_cell_of_partial_strength_is_let_go_below_its_level() -> None:
    codec = VideoCodec(tiny_vae())
    mask = np.zeros((64, 96), np.bool_)
    mask[:, :32] = True
    known = encode_pins([Pin(blank(1), 0, 0.6, mask)], grid_of(VideoShape(1, 64, 96, 24.0)), codec, 8)
    x = torch.full_like(known.latents, 5.0)
    assert not torch.equal(known.hold(x, x, torch.full((1, 1), 0.5)), x)
    assert torch.equal(known.hold(x, x, torch.full((1, 1), 0.3)), x)


def test_a_latent_frame_is_held_as_firmly_as_its_pictures_are_on_average() -> None:
    codec = VideoCodec(tiny_vae())
    strengths = (0.0,) * 5 + (1.0,) * 11
    known = encode_pins([Pin(blank(16), 1, strengths)], grid_of(VideoShape(25, 64, 96, 24.0)), codec, 8)
    assert known.frame_strength.tolist() == [[0.0, 0.375, 1.0, 0.0]]
    assert not known.leads_backwards


def test_a_known_end_with_a_free_beginning_leads_backwards() -> None:
    codec = VideoCodec(tiny_vae())
    known = encode_pins([Pin(blank(8), 9)], grid_of(VideoShape(17, 64, 96, 24.0)), codec, 8)
    assert known.leads_backwards
    later = known.with_made(torch.ones(1, 8, 2, 2, 3), start=1)
    assert later.frame_strength.tolist() == [[0.0, 1.0, 1.0]] and (later.latents[:, :, 1:] == 1).all()


def test_two_known_ends_have_a_gap_between_them_unless_it_is_known_a_little() -> None:
    codec, grid = VideoCodec(tiny_vae()), grid_of(VideoShape(25, 64, 96, 24.0))
    ends = [Pin(blank(1)), Pin(blank(8), 17)]
    assert encode_pins(ends, grid, codec, 8).has_gap
    assert not encode_pins([Pin(blank(25), 0, 0.2), *ends], grid, codec, 8).has_gap
    assert not encode_pins(ends[:1], grid, codec, 8).has_gap and not encode_pins(ends[1:], grid, codec, 8).has_gap


def test_a_moving_mask_holds_cells_that_it_covers_in_every_picture_of_a_latent_frame() -> None:
    grid = grid_of(VideoShape(17, 64, 96, 24.0))
    mask = np.ones((17, 64, 96), np.bool_)
    mask[5, 40, 40] = False
    pin = Pin(blank(17), mask=mask)
    assert [int((~held_cells(pin, grid, index)).sum()) for index in range(3)] == [0, 1, 0]
    assert not held_cells(pin, grid, 1)[1, 1]


def test_a_clip_pinned_twice_is_encoded_once(rng: np.random.Generator) -> None:
    codec, calls = VideoCodec(tiny_vae()), []
    encode = codec.encode_groups
    codec.encode_groups = lambda groups: calls.append(1) or encode(groups)  # type: ignore[method-assign, func-returns-value]
    clip = rng.integers(0, 256, (9, 64, 96, 3), dtype=np.uint8)
    mask = np.ones((64, 96), np.bool_)
    known = encode_pins([Pin(clip, 0, 0.5), Pin(clip, 0, 1.0, mask)], grid_of(VideoShape(9, 64, 96, 24.0)), codec, 8)
    assert calls == [1] and known.frame_strength.tolist() == [[1.0, 1.0]]
