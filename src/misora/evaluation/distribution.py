"""Distances between sets of clips and pictures: Fréchet on stated features, PSNR and SSIM of reconstructions, diversity over seeds."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from misora.base.canvas import Frames

Array = npt.NDArray[np.float64]
RIDGE = 1e-6
SSIM_WINDOW, SSIM_C1, SSIM_C2 = 7, 0.01**2, 0.03**2


def frechet(first: Array, second: Array) -> float:
    """Fréchet distance between two Gaussians fitted to features (N, D) and (M, D).

    With fewer clips than features it is biased upwards; compare only figures of equal N and equal features.

    Reference:
        Heusel et al., GANs Trained by a Two Time-Scale Update Rule, arXiv:1706.08500.
    """
    means = [features.mean(0) for features in (first, second)]
    one, two = (np.atleast_2d(np.cov(features, rowvar=False)) + RIDGE * np.eye(features.shape[1]) for features in (first, second))
    values, axes = np.linalg.eigh(one)
    root = axes * np.sqrt(np.maximum(values, 0)) @ axes.T
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ two @ root), 0)).sum()
    return float(max(0.0, np.sum((means[0] - means[1]) ** 2) + np.trace(one) + np.trace(two) - 2 * cross))


def psnr(frames: Frames, truth: Frames, mask: npt.NDArray[np.bool_] | None = None) -> float:
    """Peak signal-to-noise ratio in dB, inside ``mask`` (T, H, W) where given; NaN when nothing is inside."""
    error = (frames.astype(np.float32) - truth.astype(np.float32)) ** 2
    if mask is not None:
        error = error[mask]
    if not error.size:
        return math.nan
    return float(10 * np.log10(255**2 / max(float(error.mean()), 1e-9)))


def ssim(frames: Frames, truth: Frames, mask: npt.NDArray[np.bool_] | None = None) -> float:
    """Structural similarity of the grey pictures, mean over windows of 7 x 7, inside ``mask`` (T, H, W) where given.

    Reference:
        Wang et al., Image quality assessment: from error visibility to structural similarity, IEEE TIP 13 (2004); ours has flat windows.
    """
    x, y = (torch.from_numpy(clip.astype(np.float32)).mean(-1).div(255).unsqueeze(1) for clip in (frames, truth))
    mean_x, mean_y = _window(x), _window(y)
    var_x, var_y, both = _window(x * x) - mean_x**2, _window(y * y) - mean_y**2, _window(x * y) - mean_x * mean_y
    value = (2 * mean_x * mean_y + SSIM_C1) * (2 * both + SSIM_C2) / ((mean_x**2 + mean_y**2 + SSIM_C1) * (var_x + var_y + SSIM_C2))
    if mask is None:
        return float(value.mean())
    edge = SSIM_WINDOW // 2
    inside = torch.from_numpy(mask[:, edge:-edge, edge:-edge])
    return float(value[:, 0][inside].mean()) if bool(inside.any()) else math.nan


def _window(x: Tensor) -> Tensor:
    return F.avg_pool2d(x, SSIM_WINDOW, stride=1)


def diversity(features: Array) -> float:
    """Mean distance between the features (seeds, D) of clips of one prompt; 0 when every seed gives the same clip."""
    count = len(features)
    if count < 2:
        return math.nan
    distances = [np.linalg.norm(features[i] - features[j]) for i in range(count) for j in range(i)]
    return float(np.mean(distances))
