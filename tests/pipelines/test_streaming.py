from __future__ import annotations

import numpy as np
import torch

from misora.models.video_vae.deblocking import Deblocker
from misora.pipelines.streaming import VideoCodec
from tiny import tiny_vae


def pixels_of(frames: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(frames).permute(3, 0, 1, 2)[None].float() / 127.5 - 1


def test_encoding_in_pieces_equals_the_whole(rng: np.random.Generator) -> None:
    vae = tiny_vae()
    frames = rng.integers(0, 256, (17, 64, 96, 3), dtype=np.uint8)
    assert torch.allclose(VideoCodec(vae).encode(frames), vae.encode(pixels_of(frames)), atol=1e-4)


def test_decoding_in_pieces_equals_the_whole_however_it_is_cut() -> None:
    vae = tiny_vae()
    latents = torch.randn(1, 8, 4, 2, 3, generator=torch.Generator().manual_seed(0))
    deblocker = Deblocker()
    pictures = torch.stack([deblocker.shown(picture) for picture in vae.decode(latents)[0].transpose(0, 1)])
    whole = ((pictures.permute(0, 2, 3, 1) + 1) * 127.5).round().clamp(0, 255).numpy()
    codec = VideoCodec(vae)
    for cuts in ([4], [1, 3], [2, 2]):
        pieces = list(codec.decode(latents.split(cuts, dim=2)))
        assert [len(piece) for piece in pieces] == [1, 8, 8, 8]
        assert np.abs(np.concatenate(pieces).astype(float) - whole).max() <= 1  # float32 sums in another order, then rounding


def test_decoding_leaves_no_precision_or_gradient_mode_behind_with_its_consumer() -> None:
    stream = VideoCodec(tiny_vae().to(torch.bfloat16)).decode([torch.zeros(1, 8, 2, 2, 2)])
    next(stream)
    assert torch.is_grad_enabled() and not torch.is_autocast_enabled("cpu")
