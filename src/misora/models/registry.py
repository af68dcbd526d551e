"""Models to and from weights files: the file's own configuration builds the network, every tensor must fit.

Weights are loaded in one dtype; ``latent_mean`` and ``latent_std`` stay float32, for an error there would move every pixel.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from misora.base.errors import WeightsError
from misora.media.atomic import write_bytes
from misora.models.eight_bit import STEP, from_eight_bits, to_eight_bits
from misora.models.interpolator.config import InterpolatorConfig
from misora.models.interpolator.model import Interpolator
from misora.models.parser.config import ParserConfig
from misora.models.parser.model import Parser
from misora.models.planner import Planner, PlannerConfig
from misora.models.text_encoder.config import TextEncoderConfig
from misora.models.text_encoder.model import TextEncoder
from misora.models.transformer.adapter import Adapter
from misora.models.transformer.adapter_file import AdapterConfig, why_no_turbo
from misora.models.transformer.config import TransformerConfig
from misora.models.transformer.model import VideoTransformer
from misora.models.upsampler.config import UpsamplerConfig
from misora.models.upsampler.model import Upsampler
from misora.models.video_vae.config import VideoVAEConfig
from misora.models.video_vae.model import VideoVAE
from misora.models.weights_file import (
    Kind,
    ParserKind,
    WeightsInfo,
    build_config,
    how_to_get,
    read_info,
    weights_metadata,
    weights_path,
)

ModuleT = TypeVar("ModuleT", bound=nn.Module)


def load_video_vae(folder: Path, dtype: torch.dtype = torch.bfloat16, device: torch.device | str = "cpu") -> VideoVAE:
    """The autoencoder of ``folder``, in channels-last memory."""
    info = read_info(weights_path(folder, "video_vae"), "video_vae")
    with torch.device("meta"):
        model = VideoVAE(build_config(info, VideoVAEConfig))
    return channels_last(fill(model, info, dtype, device))


def load_upsampler(folder: Path, dtype: torch.dtype = torch.bfloat16, device: torch.device | str = "cpu") -> Upsampler:
    """The upsampler of ``folder``, in channels-last memory."""
    info = read_info(weights_path(folder, "upsampler"), "upsampler")
    with torch.device("meta"):
        model = Upsampler(build_config(info, UpsamplerConfig))
    return channels_last(fill(model, info, dtype, device))


def load_interpolator(folder: Path, dtype: torch.dtype = torch.bfloat16, device: torch.device | str = "cpu") -> Interpolator:
    """The interpolator of ``folder``, in channels-last memory."""
    info = read_info(weights_path(folder, "interpolator"), "interpolator")
    with torch.device("meta"):
        model = Interpolator(build_config(info, InterpolatorConfig))
    return channels_last(fill(model, info, dtype, device))


def load_transformer(folder: Path, dtype: torch.dtype = torch.bfloat16, device: torch.device | str = "cpu") -> VideoTransformer:
    """The diffusion transformer of ``folder``."""
    info = read_info(weights_path(folder, "transformer"), "transformer")
    with torch.device("meta"):
        model = VideoTransformer(build_config(info, TransformerConfig))
    return fill(model, info, dtype, device)


def load_text_encoder(folder: Path, dtype: torch.dtype = torch.float32, device: torch.device | str = "cpu") -> TextEncoder:
    """The text encoder of ``folder``; in float32, since it is small and runs once a video."""
    info = read_info(weights_path(folder, "text_encoder"), "text_encoder")
    # Built with memory, being small: filling an embedding without any makes torch import its compiler, 800 modules and more than a second.
    with torch.random.fork_rng(devices=[]):
        model = TextEncoder(build_config(info, TextEncoderConfig))
    return fill(model, info, dtype, device)


def load_planner(folder: Path, dtype: torch.dtype = torch.float32, device: torch.device | str = "cpu") -> Planner:
    """The planner of ``folder``; in float32, since it is small."""
    info = read_info(weights_path(folder, "planner"), "planner")
    with torch.random.fork_rng(devices=[]):  # with memory, as the text encoder is
        model = Planner(build_config(info, PlannerConfig))
    return fill(model, info, dtype, device)


def load_turbo(folder: Path, transformer: VideoTransformer) -> Adapter:
    """The few-step adapter of ``folder`` for its ``transformer``, in float32.

    Raises:
        WeightsError: It is missing, damaged, or was trained on another transformer than the one beside it.
    """
    info = read_info(weights_path(folder, "turbo"), "turbo")
    config = build_config(info, AdapterConfig)
    if trouble := why_no_turbo(folder):
        raise WeightsError(f"{trouble}; run `misora train turbo` again")
    device = transformer.input.weight.device
    with torch.device("meta"):
        adapter = Adapter(config, transformer)
    return fill(adapter, info, torch.float32, device)


def load_parser(folder: Path, kind: ParserKind, dtype: torch.dtype = torch.float32, device: torch.device | str = "cpu") -> Parser:
    """The critic or the judge of ``folder``; the file itself says which it is, and another is refused."""
    info = read_info(weights_path(folder, kind), kind)
    with torch.device("meta"):
        model = Parser(build_config(info, ParserConfig))
    fill(model, info, dtype, device)
    model.frames.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model


def save_model(
    folder: Path, kind: Kind, model: nn.Module, *, dtype: torch.dtype = torch.bfloat16, eight_bits: str = "", **provenance: str
) -> Path:
    """Writes ``model`` as the ``kind`` of ``folder``, whole or not at all; ``provenance`` says where the weights came from.

    Args:
        dtype: In which tensors are kept; int8 keeps matrices and filters in eight bits and the rest in bfloat16.
        eight_bits: Beginning of the names of those that are kept in eight bits whatever ``dtype`` is; empty is none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = weights_path(folder, kind)
    plain = torch.bfloat16 if dtype is torch.int8 else dtype
    values = {name: value.detach().cpu() for name, value in model.state_dict().items()}
    if dtype is torch.int8 or eight_bits:
        values = to_eight_bits(values, "" if dtype is torch.int8 else eight_bits)
    tensors = {name: value.to(dtype_of(name, value, plain)).contiguous() for name, value in values.items()}
    write_bytes(path, save(tensors, metadata=weights_metadata(kind, model.config, **provenance)))
    return path


def fill(model: ModuleT, info: WeightsInfo, dtype: torch.dtype, device: torch.device | str) -> ModuleT:
    """``model``, built without memory, with the file's tensors, ready for inference."""
    try:
        tensors = from_eight_bits(load_file(info.path, device=str(device)))
        model.load_state_dict({name: value.to(dtype_of(name, value, dtype)) for name, value in tensors.items()}, assign=True)
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{info.path} is damaged: {error}; {how_to_get()}") from error
    except RuntimeError as error:
        raise WeightsError(f"{info.path} does not fit its own configuration: {first_line(error)}; {how_to_get()}") from error
    return model.eval().requires_grad_(False)


def channels_last(model: ModuleT) -> ModuleT:
    """``model`` with the weights of its convolutions in the memory order that CPUs multiply fastest."""
    for parameter in model.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return model


def dtype_of(name: str, value: Tensor, dtype: torch.dtype) -> torch.dtype:
    """In which dtype a tensor is kept: statistics, steps and integers as they are."""
    return value.dtype if "latent_" in name or name.endswith(STEP) or not value.dtype.is_floating_point else dtype


def first_line(error: Exception) -> str:
    """The first thing that torch complains about."""
    return " ".join(str(error).split())[:200]
