"""Random weights of the shipped sizes, for measuring speed where there are no trained ones."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from misora.base.errors import WeightsError
from misora.base.settings import load_settings
from misora.models.registry import save_model
from misora.models.text_encoder.config import TextEncoderConfig
from misora.models.text_encoder.model import TextEncoder
from misora.models.transformer.config import transformer_config
from misora.models.transformer.model import VideoTransformer
from misora.models.video_vae.config import VideoVAEConfig
from misora.models.video_vae.model import VideoVAE
from misora.models.weights_file import KINDS, read_info, weights_path


def weights_folder(spare: Path) -> tuple[Path, str]:
    """The weights in use and the word "trained", or random ones written to ``spare`` and the word "random"."""
    folder = load_settings().weights
    try:
        for kind in KINDS:
            read_info(weights_path(folder, kind), kind)
    except WeightsError:
        return write_random(spare), "random"
    return folder, "trained"


def write_random(folder: Path) -> Path:
    torch.manual_seed(0)
    vae, text = VideoVAEConfig(), TextEncoderConfig()
    save_model(folder, "video_vae", VideoVAE(vae))
    save_model(
        folder, "transformer", VideoTransformer(transformer_config("base", latent_channels=vae.latent_channels, text_dim=text.out_dim))
    )
    save_model(folder, "text_encoder", TextEncoder(text))
    return folder


if __name__ == "__main__":
    print(*weights_folder(Path(sys.argv[1])), sep="\n")
