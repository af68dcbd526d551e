"""The real networks at toy size, every weight awake, and a weights folder that holds them."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from misora.models.interpolator.config import TINY as TINY_INTERPOLATOR
from misora.models.interpolator.model import Interpolator
from misora.models.parser.model import Parser
from misora.models.planner import Planner, PlannerConfig
from misora.models.registry import load_transformer, save_model
from misora.models.text_encoder.config import TextEncoderConfig
from misora.models.text_encoder.model import TextEncoder
from misora.models.transformer.adapter import Adapter
from misora.models.transformer.adapter_file import AdapterConfig
from misora.models.transformer.config import TransformerConfig
from misora.models.transformer.model import VideoTransformer
from misora.models.upsampler.config import TINY as TINY_UPSAMPLER
from misora.models.upsampler.model import Upsampler
from misora.models.video_vae.config import TINY, VideoVAEConfig
from misora.models.video_vae.model import VideoVAE
from misora.models.weights_file import PARSER_KINDS, weights_digest, weights_path
from misora.pipelines.native import NativePipeline, Turbo
from misora.training.parser_truth import stage_parser

TEXT = TextEncoderConfig(table_size=64, dim=16, layers=1, heads=2, out_dim=16)

TINY_PARSER = stage_parser(short_side=64, stem_dim=8, dim=12, context_dim=12, blocks=1, context_blocks=1, track_dim=8)


def awake(model: nn.Module, seed: int) -> None:
    """Small random values in every weight: an untrained network ignores most of its input."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            fan = max(1, parameter[0].numel()) if parameter.ndim > 1 else 16
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * fan**-0.5)


def tiny_vae(config: VideoVAEConfig = TINY) -> VideoVAE:
    torch.manual_seed(0)
    model = VideoVAE(config)
    awake(model, 1)
    model.latent_std.fill_(1.25)
    return model.eval().requires_grad_(False)


def tiny_transformer(channels: int = TINY.latent_channels, **options: object) -> VideoTransformer:
    torch.manual_seed(0)
    config = TransformerConfig(channels, dim=32, layers=2, heads=2, mlp_dim=32, text_dim=TEXT.out_dim, hidden_layer=1, **options)  # type: ignore[arg-type]
    model = VideoTransformer(config)
    awake(model, 2)
    return model.eval().requires_grad_(False)


def tiny_text_encoder() -> TextEncoder:
    torch.manual_seed(0)
    model = TextEncoder(TEXT)
    awake(model, 3)
    return model.eval().requires_grad_(False)


def tiny_planner(seed: int = 7, **options: object) -> Planner:
    torch.manual_seed(0)
    model = Planner(
        PlannerConfig(3, dim=16, layers=1, heads=2, mlp_dim=16, text_table=64, text_dim=16, text_layers=1, text_heads=2, **options)
    )  # type: ignore[arg-type]
    awake(model, seed)
    return model.eval().requires_grad_(False)


def tiny_turbo(transformer: VideoTransformer, base: str = "") -> Adapter:
    """An adapter that changes ``transformer``, whose file has the digest ``base``."""
    adapter = Adapter(AdapterConfig(base, rank=2), transformer)
    awake(adapter, 6)
    return adapter.eval().requires_grad_(False)


def tiny_upsampler() -> Upsampler:
    torch.manual_seed(0)
    model = Upsampler(TINY_UPSAMPLER)
    awake(model, 5)
    return model.eval().requires_grad_(False)


def tiny_interpolator() -> Interpolator:
    torch.manual_seed(0)
    model = Interpolator(TINY_INTERPOLATOR)
    awake(model, 8)
    return model.eval().requires_grad_(False)


def tiny_parser(seed: int = 4) -> Parser:
    torch.manual_seed(0)
    model = Parser(TINY_PARSER)
    awake(model, seed)
    return model.eval().requires_grad_(False)


def tiny_pipeline(max_window: int = 16) -> NativePipeline:
    """In float32, so that comparisons need no allowance for rounding."""
    return NativePipeline(tiny_vae(), tiny_transformer(), tiny_text_encoder(), max_window=max_window)


def tiny_turbo_pipeline(max_window: int = 16) -> NativePipeline:
    """The same with Turbo beside it."""
    distilled = tiny_transformer()
    adapter = tiny_turbo(distilled)
    adapter.merge_into(distilled)
    turbo = Turbo(adapter.config, distilled)
    return NativePipeline(tiny_vae(), tiny_transformer(), tiny_text_encoder(), turbo=turbo, max_window=max_window)


def tiny_planning_pipeline(max_window: int = 16) -> NativePipeline:
    """The same with a planner, whose layouts the transformer follows."""
    transformer = tiny_transformer(layout_classes=3)
    return NativePipeline(tiny_vae(), transformer, tiny_text_encoder(), planner=tiny_planner(), max_window=max_window)


def write_tiny_weights(folder: Path) -> Path:
    """Saves the tiny models into ``folder`` as a weights folder; returns it."""
    save_model(folder, "video_vae", tiny_vae(), recipe="tiny")
    save_model(folder, "transformer", tiny_transformer(), recipe="tiny")
    save_model(folder, "text_encoder", tiny_text_encoder(), recipe="tiny")
    return folder


def write_tiny_turbo(folder: Path, base: str | None = None) -> Path:
    """Adds an adapter for the transformer that lies there, or for one with the digest ``base``."""
    fits = weights_digest(weights_path(folder, "transformer"))
    transformer = load_transformer(folder)
    save_model(folder, "turbo", tiny_turbo(transformer, fits if base is None else base), dtype=torch.int8, recipe="tiny")
    return folder


def write_tiny_upsampler(folder: Path) -> Path:
    """Adds an upsampler."""
    save_model(folder, "upsampler", tiny_upsampler(), recipe="tiny")
    return folder


def write_tiny_interpolator(folder: Path) -> Path:
    """Adds an interpolator."""
    save_model(folder, "interpolator", tiny_interpolator(), recipe="tiny")
    return folder


def write_tiny_parsers(folder: Path) -> Path:
    """Adds a critic and a judge, which differ."""
    for seed, kind in enumerate(PARSER_KINDS):
        save_model(folder, kind, tiny_parser(seed), recipe="tiny")
    return folder
