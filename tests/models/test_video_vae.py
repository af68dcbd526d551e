"""The autoencoder is causal, streams, and its linear path is a projection."""

import dataclasses

import pytest
import torch

from misora.models.video_vae.config import TINY, VideoVAEConfig
from misora.models.video_vae.layers import fold, unfold, unfold_wide
from misora.models.video_vae.model import VideoVAE


@pytest.fixture(scope="module")
def vae() -> VideoVAE:
    torch.manual_seed(0)
    model = VideoVAE(TINY).eval()
    for parameter in model.parameters():  # wake the paths that start at zero
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.05)
    model.latent_mean.normal_()
    model.latent_std.fill_(1.7)
    return model


def clip(frames: int = 17, height: int = 64, width: int = 96) -> torch.Tensor:
    return torch.rand(1, 3, frames, height, width, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.mark.parametrize(("frames", "latent_frames"), [(1, 1), (9, 2), (17, 3)])
@torch.no_grad()
def test_the_grid_is_eight_frames_and_32_pixels(vae: VideoVAE, frames: int, latent_frames: int) -> None:
    latents = vae.encode(clip(frames))
    assert latents.shape == (1, TINY.latent_channels, latent_frames, 2, 3)
    assert vae.decode(latents).shape == (1, 3, frames, 64, 96)


@torch.no_grad()
def test_streamed_decoding_is_whole_decoding(vae: VideoVAE) -> None:
    latents = vae.encode(clip(25))
    whole = vae.decode(latents)
    for chunk in (1, 2, 3):
        streamed = torch.cat(list(vae.decode_stream(latents, chunk)), dim=2)
        assert torch.allclose(streamed, whole, atol=1e-6)


@torch.no_grad()
def test_encoding_and_decoding_never_look_ahead(vae: VideoVAE) -> None:
    pixels = clip(25)
    changed = pixels.clone()
    changed[:, :, 9:] = -changed[:, :, 9:]
    before, after = vae.encode(pixels), vae.encode(changed)
    assert torch.equal(before[:, :, :2], after[:, :, :2])
    assert not torch.equal(before[:, :, 2:], after[:, :, 2:])
    assert torch.equal(vae.decode(before)[:, :, :9], vae.decode(after)[:, :, :9])


@torch.no_grad()
def test_a_still_is_a_one_frame_video(vae: VideoVAE) -> None:
    pixels = clip(17)
    assert torch.allclose(vae.encode(pixels)[:, :, :1], vae.encode(pixels[:, :, :1]), atol=1e-6)


@torch.no_grad()
def test_clips_of_a_batch_do_not_touch(vae: VideoVAE) -> None:
    one, two = clip(9), -clip(9)
    together = vae.decode(vae.encode(torch.cat([one, two])))
    assert torch.allclose(together[1:], vae.decode(vae.encode(two)), atol=1e-5)


def test_fold_and_unfold_are_inverse() -> None:
    x = torch.arange(2 * 4 * 3 * 8 * 8).float().view(2, 4, 3, 8, 8)
    assert torch.equal(unfold(fold(x, 4, 2), 4, 2), x)
    assert torch.equal(unfold_wide(fold(x, 4, 2), 4, 2), x)


def test_the_wide_unfold_lies_channels_last_so_that_no_convolution_turns_it_round() -> None:
    wide = unfold_wide(torch.zeros(1, 3, 64, 2, 5), 2, 2)
    assert wide.shape == (1, 6, 8, 4, 10)
    assert wide.flatten(0, 1).is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("part", ["encoder", "decoder"])
def test_stated_cost_matches_the_counted_operations(part: str) -> None:
    config = dataclasses.replace(VideoVAEConfig(), encoder_widths=(32, 48, 64), decoder_widths=(32, 48, 64))
    model = VideoVAE(config)
    from torch.utils.flop_counter import FlopCounterMode

    video, latents = torch.zeros(1, 8, 3, 64, 64), torch.zeros(1, 1, config.latent_channels, 2, 2)
    with FlopCounterMode(display=False) as counter:
        model.encoder(video, {}) if part == "encoder" else model.decoder(latents, {})
    assert counter.get_total_flops() / (8 * 64 * 64) == pytest.approx(config.flops_per_pixel()[part], rel=0.02)
