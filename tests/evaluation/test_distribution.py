from __future__ import annotations

import math

import numpy as np
import pytest

from misora.evaluation.distribution import diversity, frechet, psnr, ssim


def test_frechet_of_gaussians_is_the_closed_form() -> None:
    generator = np.random.default_rng(0)
    first = generator.normal(size=(20_000, 2)) * [1.0, 2.0]
    second = generator.normal(size=(20_000, 2)) * [3.0, 2.0] + [4.0, 0.0]
    assert frechet(first, second) == pytest.approx(16 + 4, rel=0.05)
    assert frechet(first, first) == pytest.approx(0, abs=1e-6)


def test_psnr_of_a_known_error() -> None:
    truth = np.full((2, 8, 8, 3), 100, np.uint8)
    frames = truth.copy()
    frames[:, :4] += 20
    mask = np.zeros((2, 8, 8), bool)
    mask[:, :4] = True
    assert psnr(frames, truth) == pytest.approx(10 * math.log10(255**2 / 200))
    assert psnr(frames, truth, mask) == pytest.approx(10 * math.log10(255**2 / 400))
    assert math.isnan(psnr(frames, truth, np.zeros_like(mask)))


def test_ssim_is_one_for_equal_pictures_and_falls_with_structure(rng: np.random.Generator) -> None:
    truth = rng.integers(0, 256, (2, 24, 24, 3), dtype=np.uint8)
    brighter = np.clip(truth.astype(int) + 12, 0, 255).astype(np.uint8)
    assert ssim(truth, truth) == pytest.approx(1)
    assert 0.8 < ssim(brighter, truth) < 1
    assert ssim(truth[:, ::-1], truth) < 0.2
    mask = np.zeros((2, 24, 24), bool)
    mask[:, 8:16, 8:16] = True
    changed = truth.copy()
    changed[:, :4] = 0
    assert ssim(changed, truth, mask) == pytest.approx(1)


def test_diversity_is_the_mean_distance_between_seeds() -> None:
    assert diversity(np.zeros((3, 4))) == 0
    assert diversity(np.array([[0.0], [1.0], [3.0]])) == pytest.approx(2)
    assert math.isnan(diversity(np.zeros((1, 4))))
