"""Paints a character in another colour: its main hue is exchanged, shading and everything of other hues stay.

Works on premultiplied RGBA, since hue and saturation do not change when a colour is scaled by its alpha.
"""

from __future__ import annotations

import torch
from torch import Tensor

from misora.world.colours import COLOURS

HUE_BINS = 36
REACH = 0.13
"""Half width in turns of the band of hues that counts as the main one."""


def recoloured(drawings: Tensor, colour: str) -> Tensor:
    """``drawings`` (F, 4, s, s) uint8, premultiplied, with their main hue turned into ``colour``."""
    hue, saturation, value = COLOURS[colour]
    rgb, alpha = drawings[:, :3].float() / 255, drawings[:, 3:].float() / 255
    own_hue, own_saturation, own_value = _to_hsv(rgb)
    distance = ((own_hue - main_hue(own_hue, own_saturation * own_value) + 0.5) % 1 - 0.5).abs()
    share = ((REACH - distance) / 0.04 + 0.5).clamp(0, 1) * (own_saturation * 8).clamp(0, 1)
    painted = _to_rgb(torch.full_like(own_hue, hue), (own_saturation * saturation).clamp(0, 1), own_value * value)
    mixed = torch.minimum(rgb + share.unsqueeze(1) * (painted - rgb), alpha)
    return torch.cat([(mixed * 255).round().to(torch.uint8), drawings[:, 3:]], dim=1)


def main_hue(hue: Tensor, weight: Tensor) -> float:
    """The hue, in turns, that most of the colour is near to."""
    bins = (hue * HUE_BINS).long().clamp(0, HUE_BINS - 1).flatten()
    counts = torch.zeros(HUE_BINS, device=hue.device).index_add_(0, bins, weight.flatten())
    spread = counts + counts.roll(1) + counts.roll(-1)
    return (int(spread.argmax()) + 0.5) / HUE_BINS


def _to_hsv(rgb: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Hue in turns, saturation, value; each (F, s, s)."""
    value, least = rgb.amax(1), rgb.amin(1)
    chroma = value - least
    red, green, blue = rgb.unbind(1)
    safe = torch.where(chroma > 1e-5, chroma, 1.0)
    hue = torch.where(value == red, (green - blue) / safe, torch.where(value == green, 2 + (blue - red) / safe, 4 + (red - green) / safe))
    return (hue / 6) % 1, torch.where(value > 1e-5, chroma / value.clamp(min=1e-5), 0.0), value


def _to_rgb(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    """(F, 3, s, s) from (F, s, s) each."""
    parts = []
    for offset in (5.0, 3.0, 1.0):
        k = (offset + hue * 6) % 6
        parts.append(value - value * saturation * torch.minimum(k, 4 - k).clamp(0, 1))
    return torch.stack(parts, dim=1)
