"""``misora models``: what weights are here, and what the networks cost; read from headers, without torch."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from misora.models.weights_file import WeightsInfo

models = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Weights and what the networks cost.")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@models.command("list")
def list_models(as_json: AsJson = False) -> None:
    """Lists the weights that are found."""
    from misora.base.settings import load_settings
    from misora.cli.tables import table
    from misora.models.weights_file import ALL_KINDS, describe_weights, weights_digest

    folder = load_settings().weights
    found = describe_weights(folder)
    if as_json:
        print(json.dumps({kind: summary(info) | {"sha256": weights_digest(info.path)} for kind, info in found.items()}))
        return
    rows = [["kind", "parameters", "MB", "dtype", "recipe", "step", "sha256"]]
    for kind in ALL_KINDS:
        info = found.get(kind)
        rows.append(row_of(info, weights_digest(info.path)) if info else [kind, "missing", *[""] * 5])
    print(f"{folder}\n{table(rows)}")


@models.command()
def inspect(as_json: AsJson = False) -> None:
    """Prints parameters, FLOPs a pixel and a token."""
    from misora.base.settings import load_settings
    from misora.cli.tables import table
    from misora.models.weights_file import describe_weights

    found = describe_weights(load_settings().weights)
    costs = {"weights": [facts for info in found.values() for facts in costs_of(info)], "presets": preset_costs()}
    if as_json:
        print(json.dumps(costs))
        return
    if not found:
        print("no weights found; the presets:")
    rows = [["network", "parameters", "cost of one forward pass"]]
    rows += [[cost["name"], f"{cost['parameters']:,}", cost["cost"]] for group in costs.values() for cost in group]
    print(table(rows))


def summary(info: WeightsInfo) -> dict[str, Any]:
    """One file as plain data."""
    return {
        "path": str(info.path),
        "parameters": info.num_parameters,
        "bytes": info.size_bytes,
        "dtypes": list(info.dtypes),
        "config": info.config,
        **info.provenance,
    }


def row_of(info: WeightsInfo, digest: str) -> list[str]:
    """One line of ``list``; a recipe kept as JSON is shown by its first words only."""
    recipe, step = (info.provenance.get(key, "") for key in ("recipe", "step"))
    return [info.kind, f"{info.num_parameters:,}", f"{info.size_bytes / 1e6:.1f}", info.dtypes[0], recipe[:24], step, digest[:12]]


def costs_of(info: WeightsInfo) -> list[dict[str, Any]]:
    """What the network of ``info`` costs, by its own configuration."""
    from misora.models.interpolator.config import InterpolatorConfig
    from misora.models.parser.config import ParserConfig
    from misora.models.text_encoder.config import TextEncoderConfig
    from misora.models.transformer.config import TransformerConfig
    from misora.models.upsampler.config import UpsamplerConfig
    from misora.models.video_vae.config import VideoVAEConfig
    from misora.models.weights_file import PARSER_KINDS, build_config

    if info.kind in PARSER_KINDS:
        per_pixel = build_config(info, ParserConfig).flops_per_pixel()
        cost = f"{per_pixel:,.0f} FLOPs a pixel of its canvas, 8 frames a second"
        return [{"name": info.kind, "parameters": info.num_parameters, "flops_per_pixel": round(per_pixel, 1), "cost": cost}]
    if info.kind == "upsampler":
        per_pixel = build_config(info, UpsamplerConfig).flops_per_pixel()
        cost = f"{per_pixel:,.0f} FLOPs a pixel of its result, twice as large as what it is given"
        return [{"name": info.kind, "parameters": info.num_parameters, "flops_per_pixel": round(per_pixel, 1), "cost": cost}]
    if info.kind == "interpolator":
        per_pixel = build_config(info, InterpolatorConfig).flops_per_pixel()
        cost = f"{per_pixel:,.0f} FLOPs a pixel of each picture that it makes"
        return [{"name": info.kind, "parameters": info.num_parameters, "flops_per_pixel": round(per_pixel, 1), "cost": cost}]
    if info.kind == "turbo":
        return [
            {
                "name": "turbo",
                "parameters": info.num_parameters,
                "cost": "none: it is added to the transformer's weights when they are loaded",
            }
        ]
    if info.kind == "planner":
        cost = f"{info.config['layers']} layers on {info.config['slots'] + 1} tokens a latent frame, once a video"
        return [{"name": "planner", "parameters": info.num_parameters, "cost": cost}]
    if info.kind == "transformer":
        return [transformer_cost("transformer", build_config(info, TransformerConfig), info.num_parameters)]
    if info.kind == "text_encoder":
        layers = build_config(info, TextEncoderConfig).layers
        return [{"name": "text_encoder", "parameters": info.num_parameters, "cost": f"once a caption, {layers} layers"}]
    flops = build_config(info, VideoVAEConfig).flops_per_pixel()
    halves = {name: sum(size_of(shape) for key, shape in info.shapes.items() if key.startswith(f"{name}.")) for name in flops}
    return [
        {
            "name": f"video_vae {name}",
            "parameters": halves[name],
            "flops_per_pixel": round(flops[name], 1),
            "cost": f"{flops[name]:,.0f} FLOPs a pixel",
        }
        for name in flops
    ]


def size_of(shape: tuple[int, ...]) -> int:
    """Numbers in a tensor of ``shape``."""
    import math

    return math.prod(shape)


def preset_costs() -> list[dict[str, Any]]:
    """Every preset of the transformer with the shipped autoencoder's channels."""
    from misora.models.text_encoder.config import TextEncoderConfig
    from misora.models.transformer.config import SIZES, count_parameters, transformer_config
    from misora.models.video_vae.config import VideoVAEConfig

    channels, text_dim = VideoVAEConfig().latent_channels, TextEncoderConfig().out_dim
    configs = {name: transformer_config(name, latent_channels=channels, text_dim=text_dim) for name in SIZES}
    return [transformer_cost(f"preset {name}", config, count_parameters(config)) for name, config in configs.items()]


def transformer_cost(name: str, config: Any, parameters: int) -> dict[str, Any]:
    """FLOPs a token for two seconds at 480p, where tokens attend to each other."""
    from misora.base.shapes import VideoShape
    from misora.models.transformer.config import flops_per_token

    tokens = VideoShape(48, 480, 832, 24.0).latent.num_tokens
    flops = flops_per_token(config, tokens)
    cost = f"{flops / 1e6:,.1f} MFLOPs a token, {flops * tokens / 1e9:,.0f} GFLOPs for 2 s at 480p ({tokens:,} tokens)"
    return {"name": name, "parameters": parameters, "flops_per_token": flops, "tokens": tokens, "cost": cost}
