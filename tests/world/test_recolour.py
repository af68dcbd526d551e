"""Another colour reaches the main hue and nothing else."""

import colorsys

import pytest
import torch

from misora.world.recolour import COLOURS, recoloured


def drawing(hue: float) -> torch.Tensor:
    """Left half of ``hue``, a quarter grey, a quarter of clear pixels; (1, 4, 8, 8) premultiplied."""
    image = torch.zeros(1, 4, 8, 8, dtype=torch.uint8)
    image[0, :3, :, :4] = (torch.tensor(colorsys.hsv_to_rgb(hue, 0.8, 0.8)) * 255).round().to(torch.uint8).view(3, 1, 1)
    image[0, :3, :, 4:6] = 120
    image[0, 3, :, :6] = 255
    return image


@pytest.mark.parametrize("colour", sorted(COLOURS))
@pytest.mark.parametrize("hue", [0.0, 0.33, 0.62])
def test_the_main_hue_becomes_the_colour(colour: str, hue: float) -> None:
    painted = recoloured(drawing(hue), colour)[0]
    red, green, blue = (painted[:3, 0, 0].float() / 255).tolist()
    found = colorsys.rgb_to_hsv(red, green, blue)[0]
    assert abs((found - COLOURS[colour][0] + 0.5) % 1 - 0.5) < 0.02


def test_grey_and_clear_pixels_stay() -> None:
    before, after = drawing(0.33), recoloured(drawing(0.33), "red")
    assert torch.equal(before[..., 4:], after[..., 4:])
    assert torch.equal(before[:, 3], after[:, 3])
    assert (after[:, :3] <= after[:, 3:]).all(), "colour never exceeds its alpha"
