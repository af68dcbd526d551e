from __future__ import annotations

import numpy as np

from misora.editing.shot_detection import find_cuts


def moving(seed: int, count: int, step: int = 1) -> np.ndarray:
    """A textured picture that slides by ``step`` pixels a frame."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (9, 16, 3), dtype=np.uint8).repeat(16, 0).repeat(16, 1)
    return np.stack([np.roll(coarse, step * index, axis=1) for index in range(count)])


def test_cuts_are_found_on_their_frame_and_motion_is_none() -> None:
    clip = np.concatenate([moving(1, 20), moving(2, 30), moving(3, 10)])
    assert find_cuts(iter(clip)) == (20, 50)
    assert find_cuts(iter(moving(4, 40, step=12))) == ()


def test_a_flash_or_a_single_frame_is_not_a_shot_of_its_own() -> None:
    clip = moving(1, 30)
    clip[15] = 255
    assert len(find_cuts(iter(clip))) <= 1
    assert find_cuts(iter(moving(1, 1))) == () and find_cuts(iter(())) == ()
