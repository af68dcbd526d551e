from __future__ import annotations

import pytest
import torch

from misora.pipelines.bounds import LOUDEST, LOUDEST_PLACE, bounded

DEVIATION = torch.tensor([0.5, 2.0])
EVERYWHERE = torch.ones(1, 1, 3, 2, 2, dtype=torch.bool)


def cells(size: float) -> torch.Tensor:
    """Latents (1, 2, 3, 2, 2) of which every cell is ``size`` deviations loud."""
    return size * DEVIATION.view(1, -1, 1, 1, 1) * torch.tensor([1.0, -1.0]).view(1, -1, 1, 1, 1) * torch.ones(1, 2, 3, 2, 2)


def loudness(latents: torch.Tensor) -> torch.Tensor:
    return (latents / DEVIATION.view(1, -1, 1, 1, 1)).square().mean(1).sqrt()


@pytest.mark.parametrize("size", [0.3, 2.1])
def test_what_is_as_loud_as_the_stage_is_left_alone(size: float) -> None:
    busy = torch.zeros(3, 2, 2, dtype=torch.bool)
    assert torch.equal(bounded(cells(size), DEVIATION, busy, EVERYWHERE), cells(size))


def test_what_is_louder_keeps_its_pattern_and_players_may_be_louder_than_places() -> None:
    busy = torch.zeros(3, 2, 2, dtype=torch.bool)
    busy[1, 0, 1] = True
    made = bounded(cells(20.0), DEVIATION, busy, EVERYWHERE)
    expected = torch.where(busy, LOUDEST, LOUDEST_PLACE)
    torch.testing.assert_close(loudness(made)[0], expected)
    torch.testing.assert_close(made / made[:, :1], cells(1.0) / cells(1.0)[:, :1])
    torch.testing.assert_close(loudness(bounded(cells(20.0), DEVIATION, None, EVERYWHERE))[0], torch.full((3, 2, 2), LOUDEST))


def test_what_is_known_is_never_touched() -> None:
    free = EVERYWHERE.clone()
    free[:, :, 0] = False
    made = bounded(cells(20.0), DEVIATION, None, free)
    assert torch.equal(made[:, :, 0], cells(20.0)[:, :, 0]) and float(loudness(made[:, :, 1:]).max()) < 4
