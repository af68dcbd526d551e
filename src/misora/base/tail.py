"""The end of a clip as it was before decoding: what it can be gone on from without a second loss."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from misora.base.canvas import Latents


@dataclass(frozen=True, slots=True, eq=False)
class Tail:
    """The last latents of a clip.

    Args:
        latents: (C, t, h, w); each latent frame stands for eight pictures.
        overhang: Pictures that they hold beyond the clip's last frame, 0 to 7.
        vae: SHA-256 of the autoencoder's weights, without which they mean nothing.
        sampled: (height, width) at which the clip was sampled; None where that is its own size.
    """

    latents: Latents
    overhang: int
    vae: str
    sampled: tuple[int, int] | None = None

    @property
    def sha256(self) -> str:
        """Digest of the latents, by which a recipe knows them."""
        return digest_of_latents(self.latents)


def digest_of_latents(latents: Latents) -> str:
    """SHA-256 of the shape and values."""
    return hashlib.sha256(str(latents.shape).encode() + np.ascontiguousarray(latents).tobytes()).hexdigest()
