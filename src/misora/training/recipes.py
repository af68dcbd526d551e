"""Recipes: functions that return the whole configuration of a run. A new run is a new function here."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any, TypeVar

from misora.diffusion.schedules import NoiseMix
from misora.models.interpolator.config import TINY as TINY_INTERPOLATOR
from misora.models.interpolator.config import InterpolatorConfig
from misora.models.planner import PlannerConfig
from misora.models.text_encoder.config import TextEncoderConfig
from misora.models.transformer.config import transformer_config
from misora.models.upsampler.config import UpsamplerConfig
from misora.models.video_vae.config import TINY, VideoVAEConfig
from misora.models.weights_file import ParserKind
from misora.training.autoencoder import AutoencoderConfig
from misora.training.distillation import TurboConfig
from misora.training.head_stage import HeadStageConfig
from misora.training.interpolator import InterpolatorStageConfig, TripletConfig
from misora.training.latents import LatentsConfig, ShardShape
from misora.training.loop import RunConfig
from misora.training.parser import ParserStageConfig
from misora.training.parser_clips import ClipConfig
from misora.training.parser_truth import shipped_parser, stage_parser
from misora.training.planner import PlannerStageConfig
from misora.training.streams import CropConfig
from misora.training.text import TextConfig
from misora.training.track_stage import TrackStageConfig
from misora.training.transformer import TransformerStageConfig
from misora.training.upsampler import UpsamplerStageConfig
from misora.training.upsampler_pairs import PairConfig
from misora.world.cast import load_cast

SHIPPED = "src/misora/models/weights"
FULL = "full"
"""The tier of the recipes of this name; they want a GPU and have not been run to their end."""
ConfigT = TypeVar("ConfigT")
PARSER_RUN: dict[str, Any] = {
    "steps": 40_000,
    "warmup": 50,
    "muon_lr": 0.02,
    "adam_lr": 2e-3,
    "weight_decay": 0.01,
    "ema": 0.995,
    "decay": 0.5,
}


def _run(config: Any, **settings: Any) -> RunConfig:
    return RunConfig(settings=_settings(config), **settings)


def _settings(config: Any) -> str:
    return json.dumps(dataclasses.asdict(config), sort_keys=True, default=str)


def _again(config: ConfigT, run_config: RunConfig, name: str) -> tuple[ConfigT, RunConfig]:
    return config, dataclasses.replace(run_config, name=name, settings=_settings(config))


def autoencoder_small() -> tuple[AutoencoderConfig, RunConfig]:
    """32 x 32 x 8 to 192 channels, for two CPU cores: hours, a step a second."""
    config = AutoencoderConfig(VideoVAEConfig(), CropConfig(batch=4))
    settings = {"warmup": 30, "muon_lr": 0.008, "adam_lr": 3e-4, "weight_decay": 0.1, "ema": 0.99, "decay": 0.8}
    return config, _run(config, name="autoencoder/small", steps=20_000, **settings)


def autoencoder_more() -> tuple[AutoencoderConfig, RunConfig]:
    """Goes on from the shipped autoencoder. New latents afterwards: what the transformer learnt belongs to the old ones."""
    config, run_config = autoencoder_small()
    return _again(dataclasses.replace(config, start=SHIPPED), run_config, "autoencoder/more")


def autoencoder_decoder() -> tuple[AutoencoderConfig, RunConfig]:
    """Only the decoder goes on, for players above all: cached latents and the shipped transformer stay valid."""
    config, run_config = autoencoder_small()
    crops = dataclasses.replace(config.crops, seed=6, on_player=0.95)
    again = dataclasses.replace(config, crops=crops, start=SHIPPED, decoder_only=True, player_weight=12.0, epsilon=0.2, latent_noise=0.03)
    return _again(again, run_config, "autoencoder/decoder")


def autoencoder_tiny() -> tuple[AutoencoderConfig, RunConfig]:
    """Toy size, for tests."""
    config = AutoencoderConfig(TINY, CropConfig(side=64, num_frames=9, batch=2), calibration=2, compile=False)
    return config, _run(config, name="autoencoder/tiny", steps=4, warmup=2)


def autoencoder_full() -> tuple[AutoencoderConfig, RunConfig]:
    """Every place, weather and character of the stage, for one GPU."""
    config, run_config = autoencoder_small()
    crops = CropConfig(side=256, num_frames=33, batch=16, tier=FULL)
    return _again(dataclasses.replace(config, crops=crops), dataclasses.replace(run_config, steps=60_000), "autoencoder/full")


def latents_full() -> LatentsConfig:
    """200,000 clips of the full tier, one to four shots each."""
    shapes = (ShardShape(256, 256, 57, 100, 1200), ShardShape(256, 448, 57, 100, 600), ShardShape(480, 832, 57, 50, 400))
    return LatentsConfig(shapes, vae="runs/autoencoder-full", tier=FULL, max_shots=4)


def latents_small() -> LatentsConfig:
    """A quarter of an hour for two cores: squares and half of 832 x 480, which the upsampler doubles; players have one scale in both."""
    return LatentsConfig((ShardShape(256, 256, 57, 50, 60), ShardShape(256, 416, 57, 25, 40)))


def latents_more() -> LatentsConfig:
    """The same from the shipped autoencoder, with scenes of another seed."""
    return dataclasses.replace(latents_small(), vae=SHIPPED, seed=2)


def latents_stills() -> LatentsConfig:
    """First pictures alone, several in the time of a clip: every clip is made of its own, and few clips show few places."""
    return dataclasses.replace(latents_more(), shapes=(ShardShape(256, 416, 1, 500, 60), ShardShape(256, 256, 1, 500, 20)), seed=31)


def latents_cameras() -> LatentsConfig:
    """Clips whose camera moves alone: elsewhere it does in one of six, and zooms in one of fifteen."""
    shapes = (ShardShape(256, 256, 57, 50, 40), ShardShape(256, 416, 57, 25, 20))
    return dataclasses.replace(latents_more(), shapes=shapes, seed=33, moving=True)


def latents_tiny() -> LatentsConfig:
    """Toy size, for tests."""
    return LatentsConfig((ShardShape(64, 64, 17, 2, 2),))


def text_small() -> tuple[TextConfig, RunConfig]:
    """1.5 M parameters read captions after a few minutes."""
    config = TextConfig(TextEncoderConfig())
    return config, _run(config, name="text/small", steps=3_000, warmup=50, muon_lr=0.01, adam_lr=2e-3, ema=0.995)


def text_full() -> tuple[TextConfig, RunConfig]:
    """All that films of the full tier are told with."""
    config, run_config = text_small()
    wider = TextEncoderConfig(table_size=4 * config.model.table_size)
    return _again(TextConfig(wider, batch=512, tier=FULL), dataclasses.replace(run_config, steps=20_000), "text/full")


def text_tiny() -> tuple[TextConfig, RunConfig]:
    """Toy size, for tests."""
    config = TextConfig(TextEncoderConfig(table_size=64, dim=24, layers=1, heads=3, out_dim=16), batch=4)
    return config, _run(config, name="text/tiny", steps=4, warmup=2)


def transformer_small() -> tuple[TransformerStageConfig, RunConfig]:
    """10 M parameters on cached latents, for two cores: first of all what things look like."""
    text = TextEncoderConfig()
    model = transformer_config("nano", latent_channels=VideoVAEConfig().latent_channels, text_dim=text.out_dim, prediction="residual")
    config = TransformerStageConfig(model, text, singles=0.7, text_start="runs/text-small", vae="runs/autoencoder-small")
    settings = {"warmup": 40, "muon_lr": 0.02, "adam_lr": 1.5e-3, "ema": 0.995, "decay": 0.3}
    return config, _run(config, name="transformer/small", steps=200_000, **settings)


def transformer_motion() -> tuple[TransformerStageConfig, RunConfig]:
    """Goes on from ``small`` on the same latents with more moving clips."""
    config, run_config = transformer_small()
    start = "runs/transformer-small"
    again = dataclasses.replace(config, start=start, text_start=start, singles=0.5, align_weight=0.0, seed=1)
    slower = dataclasses.replace(run_config, muon_lr=0.012, adam_lr=1e-3, decay=0.6)
    return _again(again, slower, "transformer/motion")


def transformer_more() -> tuple[TransformerStageConfig, RunConfig]:
    """Goes on from the shipped transformer and text encoder, on new latents of the shipped autoencoder."""
    config, run_config = transformer_motion()
    again = dataclasses.replace(
        config,
        model=dataclasses.replace(config.model, reach=1),
        start=SHIPPED,
        text_start=SHIPPED,
        vae=SHIPPED,
        latents="runs/latents-more",
        tokens=6720,
        singles=0.1,
        align_weight=0.1,
        player_weight=2.5,
        cells=0.44,
        seed=4,
    )
    return _again(again, run_config, "transformer/more")


def transformer_layout() -> tuple[TransformerStageConfig, RunConfig]:
    """Goes on from the shipped transformer, which learns to follow layouts and to recall what it has seen."""
    config, run_config = transformer_more()
    model = dataclasses.replace(config.model, layout_classes=len(load_cast()), layout_textures=True, recall=True)
    again = dataclasses.replace(config, model=model, hold_text=True, align_weight=0.0, noise=NoiseMix(frontier=0.45, shared=0.45), seed=7)
    return _again(again, run_config, "transformer/layout")


def transformer_sketch() -> tuple[TransformerStageConfig, RunConfig]:
    """Goes on from the shipped transformer, which learns to draw what it is going to paint."""
    config, run_config = transformer_layout()
    again = dataclasses.replace(config, model=dataclasses.replace(config.model, layout_sketch=True), seed=8)
    return _again(again, run_config, "transformer/sketch")


def transformer_carry() -> tuple[TransformerStageConfig, RunConfig]:
    """Goes on from the shipped transformer, which learns to move a place as the camera moves."""
    config, run_config = transformer_sketch()
    again = dataclasses.replace(config, model=dataclasses.replace(config.model, carry=True), seed=12)
    return _again(again, run_config, "transformer/carry")


def transformer_long() -> tuple[TransformerStageConfig, RunConfig]:
    """Goes on from the shipped transformer, on histories as it paints them itself; with the latents ``stills`` in the folder of its own
    every other batch is of first pictures, of which all else is made."""
    config, run_config = transformer_carry()
    return _again(dataclasses.replace(config, painted=0.4, seed=48), run_config, "transformer/long")


def transformer_cameras() -> tuple[TransformerStageConfig, RunConfig]:
    """Goes on from the shipped transformer on whole clips, for where the camera moves every cell does; with the latents ``cameras`` in the
    folder of its own half of the clips have one."""
    config, run_config = transformer_long()
    return _again(dataclasses.replace(config, cells=1.0, carry_weight=0.5, seed=53), run_config, "transformer/cameras")


def transformer_full() -> tuple[TransformerStageConfig, RunConfig]:
    """The "base" size on films of the full tier, for one GPU or more."""
    text = text_full()[0].model
    model = transformer_config("base", latent_channels=VideoVAEConfig().latent_channels, text_dim=text.out_dim, prediction="residual")
    config = TransformerStageConfig(
        model,
        text,
        tokens=65_536,
        latents="runs/latents-full",
        vae="runs/autoencoder-full",
        text_start="runs/text-full",
        classes=len(load_cast(FULL)),
        caption_tokens=112,
    )
    settings = {"warmup": 500, "muon_lr": 0.02, "adam_lr": 1e-3, "ema": 0.9995, "decay": 0.3}
    return config, _run(config, name="transformer/full", steps=400_000, **settings)


def planner_small() -> tuple[PlannerStageConfig, RunConfig]:
    """1.5 M parameters and a text encoder, from that of ``text``: half a million scenes an hour on a share of one CPU core."""
    config = PlannerStageConfig(PlannerConfig(len(load_cast())))
    return config, _run(config, name="planner/small", steps=200_000, warmup=100, muon_lr=0.02, adam_lr=2e-3, ema=0.998, decay=0.5)


def planner_more() -> tuple[PlannerStageConfig, RunConfig]:
    """Goes on from the shipped planner with other scenes, most of them of two players: who does what is the hard part."""
    config, run_config = planner_small()
    again = dataclasses.replace(
        config, start=SHIPPED, second_player=0.75, reading_weight=0.1, relation_weight=3.0, complete=0.4, camera_weight=0.4, seed=6
    )
    return _again(again, dataclasses.replace(run_config, muon_lr=0.01, adam_lr=1e-3), "planner/more")


def planner_tiny() -> tuple[PlannerStageConfig, RunConfig]:
    """Toy size, for tests."""
    model = PlannerConfig(len(load_cast()), dim=16, layers=1, heads=2, mlp_dim=16, text_table=64, text_dim=16, text_layers=1, text_heads=2)
    config = PlannerStageConfig(model, tokens=96, text="runs/text-tiny", compile=False)
    return config, _run(config, name="planner/tiny", steps=4, warmup=2)


def turbo_small() -> tuple[TurboConfig, RunConfig]:
    """Four steps without guidance for the shipped transformer, on two CPU cores."""
    config = TurboConfig(start=SHIPPED, adapter=SHIPPED)
    return config, _run(config, name="turbo/small", steps=20_000, warmup=20, adam_lr=1e-3, ema=0.99, decay=0.5)


def turbo_tiny() -> tuple[TurboConfig, RunConfig]:
    """Toy size, for tests."""
    config = TurboConfig(latents="runs/latents-tiny", rank=2, teacher_steps=8, tokens=16, preview=(2, 2, 2), compile=False)
    return config, _run(config, name="turbo/tiny", steps=4, warmup=2)


def parser_critic() -> tuple[ParserStageConfig, RunConfig]:
    """The parser that may rank, reward and teach; narrower than the judge, so that all weights stay below 45 MB together."""
    config = ParserStageConfig("critic", stage_parser(dim=72, context_dim=80), ClipConfig(seed=11))
    return config, _run(config, name="parser/critic", seed=11, **PARSER_RUN)


def parser_judge() -> tuple[ParserStageConfig, RunConfig]:
    """The parser that only evaluates: other weights at the start, other clips. Nothing may be optimised against it."""
    config = ParserStageConfig("judge", shipped_parser(), ClipConfig(seed=23, full_share=0.4))
    return config, _run(config, name="parser/judge", seed=23, **PARSER_RUN)


def parser_critic_more() -> tuple[ParserStageConfig, RunConfig]:
    """Goes on from the shipped critic on other clips."""
    return _more(*parser_critic(), seed=12)


def parser_judge_more() -> tuple[ParserStageConfig, RunConfig]:
    """Goes on from the shipped judge on other clips."""
    return _more(*parser_judge(), seed=24)


def _more(config: ParserStageConfig, run_config: RunConfig, seed: int) -> tuple[ParserStageConfig, RunConfig]:
    again = dataclasses.replace(config, start=SHIPPED, clips=dataclasses.replace(config.clips, whole_every=2, seed=seed))
    gentle = dataclasses.replace(run_config, seed=seed, warmup=20, muon_lr=0.01, adam_lr=1e-3, ema=0.99, decay=0.6)
    return _again(again, gentle, f"{run_config.name}-more")


def parser_critic_full() -> tuple[ParserStageConfig, RunConfig]:
    """A critic of the full tier: colours, weather and five players too."""
    return _full(*parser_critic())


def parser_judge_full() -> tuple[ParserStageConfig, RunConfig]:
    """A judge of the full tier."""
    return _full(*parser_judge())


def _full(config: ParserStageConfig, run_config: RunConfig) -> tuple[ParserStageConfig, RunConfig]:
    clips = dataclasses.replace(config.clips, seconds=96, crops=96, full_share=1.0)
    wide = dataclasses.replace(config, model=stage_parser(FULL, dim=128, context_dim=192, track_dim=96), clips=clips)
    return _again(wide, run_config, f"{run_config.name}-full")


def tracks_critic() -> tuple[TrackStageConfig, RunConfig]:
    """The shipped critic's track networks, on what its frame network reads of about 2,500 clips, and on simulated ones."""
    return _tracks("critic", seed=55)


def tracks_judge() -> tuple[TrackStageConfig, RunConfig]:
    """The same for the judge, on clips of its own."""
    return _tracks("judge", seed=51)


def _tracks(role: ParserKind, seed: int) -> tuple[TrackStageConfig, RunConfig]:
    clips = ClipConfig(seconds=16, pairs=2, whole_every=1, read=16, tracks=160, seed=seed, full_share=0.3 if role == "judge" else 0.0)
    config = TrackStageConfig(role, SHIPPED, clips, read=360, batch=128)
    return config, _run(config, name=f"tracks/{role}", seed=seed, **{**PARSER_RUN, "steps": 9_000})


def heads_critic() -> tuple[HeadStageConfig, RunConfig]:
    """The shipped critic's heads, on short clips of the small tier."""
    return _heads("critic", seed=17, full_share=0.0)


def heads_judge() -> tuple[HeadStageConfig, RunConfig]:
    """The same for the judge, most of them of the full tier."""
    return _heads("judge", seed=37, full_share=0.75)


def _heads(role: ParserKind, seed: int, full_share: float) -> tuple[HeadStageConfig, RunConfig]:
    clips = ClipConfig(seconds=24, pairs=2, whole_every=1, read=0, tracks=1, frames=3, seed=seed, full_share=full_share)
    config = HeadStageConfig(role, SHIPPED, clips)
    return config, _run(config, name=f"heads/{role}", seed=seed, **{**PARSER_RUN, "steps": 3_000})


def heads_tiny() -> tuple[HeadStageConfig, RunConfig]:
    """Toy size, for tests."""
    clips = ClipConfig(seconds=4, pairs=2, whole_every=1, read=0, tracks=1, frames=3, full_share=1.0)
    config = HeadStageConfig("critic", "runs/parser-tiny", clips, read=3, batch=8)
    return config, _run(config, name="heads/tiny", steps=4, warmup=2)


def tracks_tiny() -> tuple[TrackStageConfig, RunConfig]:
    """Toy size, for tests."""
    clips = ClipConfig(seconds=4, pairs=2, whole_every=1, read=2, tracks=3)
    config = TrackStageConfig("critic", "runs/parser-tiny", clips, read=3, batch=4)
    return config, _run(config, name="tracks/tiny", steps=4, warmup=2)


def parser_tiny() -> tuple[ParserStageConfig, RunConfig]:
    """Toy size, for tests."""
    model = stage_parser(short_side=64, stem_dim=8, dim=12, context_dim=12, blocks=1, context_blocks=1, track_dim=8)
    config = ParserStageConfig("critic", model, ClipConfig(seconds=4, pairs=2, crops=2, whole_every=2, tracks=4))
    return config, _run(config, name="parser/tiny", steps=4, warmup=2)


def upsampler_small() -> tuple[UpsamplerStageConfig, RunConfig]:
    """0.2 M parameters that double what the shipped autoencoder shows, for one CPU core."""
    config = UpsamplerStageConfig(UpsamplerConfig(blocks=2), PairConfig(), vae=SHIPPED)
    settings = {"warmup": 20, "muon_lr": 0.01, "adam_lr": 3e-4, "ema": 0.98, "decay": 0.6}
    return config, _run(config, name="upsampler/small", steps=20_000, **settings)


def upsampler_more() -> tuple[UpsamplerStageConfig, RunConfig]:
    """Goes on from the shipped upsampler on other scenes."""
    config, run_config = upsampler_small()
    again = dataclasses.replace(config, start=SHIPPED, pairs=dataclasses.replace(config.pairs, seed=1))
    return _again(again, run_config, "upsampler/more")


def interpolator_small() -> tuple[InterpolatorStageConfig, RunConfig]:
    """0.3 M parameters that find motion between two pictures, for one CPU core."""
    config = InterpolatorStageConfig(InterpolatorConfig(), TripletConfig())
    settings = {"warmup": 50, "muon_lr": 0.01, "adam_lr": 1e-3, "ema": 0.99, "decay": 0.6}
    return config, _run(config, name="interpolator/small", steps=50_000, **settings)


def interpolator_tiny() -> tuple[InterpolatorStageConfig, RunConfig]:
    """Toy size, for tests."""
    config = InterpolatorStageConfig(TINY_INTERPOLATOR, TripletConfig(side=64, scenes=1, each=2))
    return config, _run(config, name="interpolator/tiny", steps=4, warmup=2)


AUTOENCODER: dict[str, Callable[[], tuple[AutoencoderConfig, RunConfig]]] = {
    "small": autoencoder_small,
    "more": autoencoder_more,
    "decoder": autoencoder_decoder,
    "full": autoencoder_full,
    "tiny": autoencoder_tiny,
}
LATENTS: dict[str, Callable[[], LatentsConfig]] = {
    "small": latents_small,
    "more": latents_more,
    "stills": latents_stills,
    "cameras": latents_cameras,
    "full": latents_full,
    "tiny": latents_tiny,
}
TEXT: dict[str, Callable[[], tuple[TextConfig, RunConfig]]] = {"small": text_small, "full": text_full, "tiny": text_tiny}
TRANSFORMER: dict[str, Callable[[], tuple[TransformerStageConfig, RunConfig]]] = {
    "small": transformer_small,
    "motion": transformer_motion,
    "more": transformer_more,
    "layout": transformer_layout,
    "sketch": transformer_sketch,
    "carry": transformer_carry,
    "long": transformer_long,
    "cameras": transformer_cameras,
    "full": transformer_full,
}
PLANNER: dict[str, Callable[[], tuple[PlannerStageConfig, RunConfig]]] = {
    "small": planner_small,
    "more": planner_more,
    "tiny": planner_tiny,
}
TURBO: dict[str, Callable[[], tuple[TurboConfig, RunConfig]]] = {"small": turbo_small, "tiny": turbo_tiny}
PARSER: dict[str, Callable[[], tuple[ParserStageConfig, RunConfig]]] = {
    "critic": parser_critic,
    "judge": parser_judge,
    "critic-more": parser_critic_more,
    "judge-more": parser_judge_more,
    "critic-full": parser_critic_full,
    "judge-full": parser_judge_full,
    "tiny": parser_tiny,
}
TRACKS: dict[str, Callable[[], tuple[TrackStageConfig, RunConfig]]] = {"critic": tracks_critic, "judge": tracks_judge, "tiny": tracks_tiny}
HEADS: dict[str, Callable[[], tuple[HeadStageConfig, RunConfig]]] = {"critic": heads_critic, "judge": heads_judge, "tiny": heads_tiny}
INTERPOLATOR: dict[str, Callable[[], tuple[InterpolatorStageConfig, RunConfig]]] = {"small": interpolator_small, "tiny": interpolator_tiny}
UPSAMPLER: dict[str, Callable[[], tuple[UpsamplerStageConfig, RunConfig]]] = {"small": upsampler_small, "more": upsampler_more}
