"""Where contexts and new frames lie on the grid of latent frames."""

from __future__ import annotations

import numpy as np
import pytest

from misora.editing.joining import bridge, head_pin, tail
from misora.editing.scene import Scene
from misora.pipelines.pinning import held_frames, held_strengths

SCENE = Scene("a dog runs", seed=5)


def numbered(count: int, first: int = 0) -> np.ndarray:
    """Frames whose every pixel is the frame's number."""
    return np.broadcast_to(np.arange(first, first + count, dtype=np.uint8)[:, None, None, None], (count, 64, 64, 3)).copy()


@pytest.mark.parametrize(("length", "kept"), [(1, 1), (8, 1), (9, 9), (16, 9), (17, 17), (240, 17)])
def test_a_tail_fills_whole_latent_frames_and_ends_where_the_clip_does(length: int, kept: int) -> None:
    context = tail(numbered(length), 3)
    assert len(context) == kept and context[-1, 0, 0, 0] == length - 1


@pytest.mark.parametrize("count", [1, 5, 8, 24, 30])
def test_new_frames_after_a_clip_begin_where_its_context_ends(count: int) -> None:
    made = bridge(numbered(40), count, None, 24.0, SCENE)
    assert (made.start, made.stop, made.canvas.shape.num_frames) == (17, 17 + count, 17 + count)
    (pin,) = made.canvas.pins
    assert pin.frames[-1, 0, 0, 0] == 39 and held_frames(pin, made.canvas.shape.num_frames) == (0, 2)
    assert made.canvas.seed == 5


@pytest.mark.parametrize("count", [1, 5, 8, 24, 30])
def test_new_frames_before_a_clip_end_on_the_grid_so_that_its_head_is_held_whole(count: int) -> None:
    made = bridge(None, count, numbered(40), 24.0, SCENE)
    (pin,) = made.canvas.pins
    assert made.num_frames == count and pin.frame_index == made.stop and (made.stop - 1) % 8 == 0
    first, last = held_frames(pin, made.canvas.shape.num_frames)
    assert held_strengths(pin, first, last) == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(("count", "strengths"), [(8, [1, 1]), (24, [1, 1]), (5, [3 / 8, 1, 1]), (31, [1 / 8, 1, 1]), (1, [7 / 8, 1, 1])])
def test_a_gap_off_the_grid_is_pinned_by_the_share_that_is_known(count: int, strengths: list[float]) -> None:
    made = bridge(numbered(40), count, numbered(40, 100), 24.0, SCENE)
    before, after = made.canvas.pins
    assert len(before.frames) == 9 and made.num_frames == count
    first, last = held_frames(after, made.canvas.shape.num_frames)
    assert held_strengths(after, first, last) == pytest.approx(strengths)
    assert first == held_frames(before, made.canvas.shape.num_frames)[1] + (made.stop - 9 + 7) // 8 + (count % 8 == 0)
    at_the_joint = after.frames[made.stop - after.frame_index]
    assert at_the_joint[0, 0, 0] == 100


def test_a_short_gap_with_both_contexts_fits_one_look_of_the_network() -> None:
    assert bridge(numbered(40), 24, numbered(40), 24.0, SCENE).canvas.shape.latent.num_frames == 7


@pytest.mark.parametrize("length", [1, 3, 9])
def test_clips_shorter_than_their_context_still_join(length: int) -> None:
    made = bridge(numbered(length), 10, numbered(length), 24.0, SCENE)
    assert made.num_frames == 10 and made.canvas.shape.num_frames == made.stop + length
    assert len(head_pin(numbered(length), 9, 2).frames) == length
