from __future__ import annotations

import pytest
import torch

from misora.pipelines.continuity import LEAN, Continuity
from misora.pipelines.pinning import Known


def window(strengths: list[float], size: int = 4) -> Known:
    """Latent frame n holds the number n + 1 in every cell and channel, where it is known."""
    strength = torch.tensor(strengths, dtype=torch.float32)[None, None, :, None, None].expand(1, 1, -1, size, size).clone()
    numbers = torch.arange(1.0, len(strengths) + 1)[None, None, :, None, None].expand(1, 3, -1, size, size)
    return Known(numbers * (strength > 0), strength)


def strengths(known: Known) -> list[float]:
    return [round(value, 3) for value in known.strength[0, 0, :, 0, 0].tolist()]


@pytest.mark.parametrize(
    ("held", "leaned"),
    [
        ([1, 1, 0, 0, 0, 0], [1, 1, *LEAN]),
        ([0, 0, 1, 1], [LEAN[1], LEAN[0], 1, 1]),
        ([1, 0, 0, 0, 1], [1, LEAN[0], LEAN[1], LEAN[0], 1]),
        ([0, 0, 0], [0, 0, 0]),
        ([0.4, 0.4, 0.4], [0.4, 0.4, 0.4]),
    ],
)
def test_free_frames_lean_on_the_held_one_beside_them(held: list[float], leaned: list[float]) -> None:
    known = Continuity(window(held), [0] * len(held), 1).leaning()
    assert strengths(known) == leaned
    for index in range(len(held)):
        if leaned[index] and not held[index]:
            nearest = min((other for other in range(len(held)) if held[other] == 1), key=lambda other: abs(other - index))
            assert (known.latents[:, :, index] == nearest + 1).all()


def test_another_caption_begins_anew_and_a_still_stays_a_still() -> None:
    known = window([1, 1, 0, 0])
    assert strengths(Continuity(known, [0, 0, 0, 1], 1).leaning()) == [1, 1, LEAN[0], 0]
    picture = window([1, 0, 0])
    assert strengths(Continuity(picture, [0, 0, 0], 0).leaning()) == [1, 0, 0]
    assert strengths(Continuity(picture, [0, 0, 0], 1).leaning()) == [1, LEAN[0], LEAN[1]]


def test_cells_that_a_mask_holds_are_left_alone() -> None:
    known = window([1, 0, 0])
    known.strength[0, 0, 2, 0, 0] = 1
    assert Continuity(known, [0, 0, 0], 1).leaning().strength[0, 0, 2].sum() == 1


def test_what_all_cells_have_in_common_is_taken_off_and_somebody_who_came_in_stays() -> None:
    known, made = window([1, 0]), window([1, 1]).latents.clone()
    made[:, :, 1] = known.latents[:, :, 0] + torch.tensor([0.05, -0.1, 0])[None, :, None, None]
    made[0, :, 1, :2, :3] += 9
    anchored = Continuity(known, [0, 0], 1).anchored(made)
    assert torch.equal(anchored[:, :, 0], known.latents[:, :, 0])
    assert anchored[0, :, 1, 2:].allclose(torch.ones(3, 2, 4)) and anchored[0, :, 1, :2, :3].allclose(torch.tensor(10.0))


@pytest.mark.parametrize(("step", "left"), [(0.09, 0.0), (0.15, 0.075), (0.3, 0.3), (-3.0, -3.0)])
def test_a_change_too_large_to_be_an_accident_stays(step: float, left: float) -> None:
    """From day to night: the prompt said so."""
    anchored = Continuity(window([1, 0]), [0, 0], 1).anchored(torch.full((1, 3, 2, 4, 4), 1 + step))
    assert float(anchored[0, 0, 1, 0, 0]) == pytest.approx(1 + left, abs=1e-5)


def test_between_two_sides_it_goes_from_one_to_the_other() -> None:
    known = window([1, 0, 0, 0, 1])
    known.latents[:, :, 4] = 1.08
    anchored = Continuity(known, [0] * 5, 1).anchored(torch.full((1, 3, 5, 4, 4), 1.04))
    assert anchored[0, 0, 1:4, 0, 0].tolist() == pytest.approx([1.02, 1.04, 1.06]), "held: 1 and 1.08"
