"""A canvas to frames with our own weights.

It reads like a storyboard: the captions are encoded, the pins placed on the latent grid, each window of noise is walked to data, and every
latent frame is decoded and cropped as soon as it is known, so that a long clip takes no more memory than a short one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from misora.base.canvas import Canvas, Frames
from misora.base.errors import WeightsError
from misora.base.parts import NO_PARTS, Parts
from misora.base.progress import Progress, Step, silent
from misora.base.shapes import LatentShape
from misora.diffusion.guidance import INTERVAL, with_guidance
from misora.diffusion.samplers import AncestralSampler
from misora.diffusion.schedules import for_frames, resolution_shift, shifted
from misora.models.parser.model import Parser
from misora.models.planner import Planner
from misora.models.registry import (
    load_parser,
    load_planner,
    load_text_encoder,
    load_transformer,
    load_turbo,
    load_upsampler,
    load_video_vae,
)
from misora.models.text_encoder.model import TextEncoder
from misora.models.transformer.adapter_file import AdapterConfig, why_no_turbo
from misora.models.transformer.layouts import Layouts
from misora.models.transformer.model import VideoTransformer
from misora.models.upsampler.model import Upsampler
from misora.models.video_vae.model import VideoVAE
from misora.models.weights_file import weights_path
from misora.pipelines.bounds import bounded
from misora.pipelines.captions import Script, ScriptedDenoiser, captions_of_latents, encode_script
from misora.pipelines.continuity import Continuity
from misora.pipelines.grid import grid_of
from misora.pipelines.pinning import Known, encode_pins
from misora.pipelines.planning import can_be_planned, is_known_in_part, plan
from misora.pipelines.runtime import choose_device, choose_dtype, name_of
from misora.pipelines.sampled import sampled_canvas
from misora.pipelines.sampling import Sampling, sampling_of
from misora.pipelines.seen import Stranger, read_known
from misora.pipelines.stillness import Still, agreeing, alike, busy_cells, what_stays
from misora.pipelines.streaming import VideoCodec
from misora.pipelines.tail import TailKeeper
from misora.pipelines.upsampling import Enlarger
from misora.pipelines.watcher import Preview, Watcher, to_values
from misora.pipelines.windows import MAX_WINDOW, Window, windows_between, windows_from_end, windows_of
from misora.world.cast import load_cast


@dataclass(frozen=True, slots=True)
class Turbo:
    """The distilled transformer, its adapter merged, and what that adapter is for."""

    config: AdapterConfig
    transformer: VideoTransformer


class NativePipeline:
    """Our own networks, resident on one device."""

    def __init__(
        self,
        vae: VideoVAE,
        transformer: VideoTransformer,
        text_encoder: TextEncoder,
        upsampler: Upsampler | None = None,
        *,
        planner: Planner | None = None,
        load_reader: Callable[[], Parser] | None = None,
        turbo: Turbo | None = None,
        max_window: int = MAX_WINDOW,
    ) -> None:
        """Takes models that are loaded, in evaluation mode and on one device; the upsampler serves canvases that are sampled small.

        The planner serves canvases without masks; without one, who is where is left to the transformer.
        Where some are known, ``load_reader`` is called for the parser that reads them.
        """
        self.codec = VideoCodec(vae)
        self.transformer = transformer
        self.planner = planner
        self.load_reader = load_reader
        self.turbo = turbo
        self.text_encoder = text_encoder
        self.enlarger = None if upsampler is None else Enlarger(upsampler)
        self.max_window = max_window

    @property
    def device_name(self) -> str:
        """``cpu``, or the GPU's own name: another model rounds otherwise."""
        return name_of(self.codec.device)

    @property
    def dtype_name(self) -> str:
        """``bfloat16`` or ``float32``."""
        return str(self.codec.dtype).removeprefix("torch.")

    def sampling_of(self, canvas: Canvas) -> Sampling:
        """How ``canvas`` is walked by this pipeline; raises WeightsError for Turbo where there is none."""
        return sampling_of(canvas, None if self.turbo is None else self.turbo.config)

    def plans(self, canvas: Canvas) -> bool:
        """Whether ``canvas`` gets a layout: there is a planner, the network that paints follows it, and what is known can be read."""
        follows = self._painter(self.sampling_of(canvas)).layout_input is not None
        return self.planner is not None and can_be_planned(canvas) and follows and (not self.reads(canvas) or self.load_reader is not None)

    def reads(self, canvas: Canvas) -> bool:
        """Whether a plan of ``canvas`` depends on what is read of its pictures."""
        return is_known_in_part(canvas)

    def layout_of(self, canvas: Canvas, known: Known) -> Layouts | None:
        """What the planner says of ``canvas``, None where it says nothing: also where others are seen than the caption names."""
        if not self.plans(canvas):
            return None
        assert self.planner is not None
        read, fps = None, canvas.shape.fps
        if self.reads(canvas):
            assert self.load_reader is not None
            read = partial(read_known, known, self.codec, self.load_reader(), load_cast(), fps)
        try:
            latent, goes_on = grid_of(canvas.shape).latent, canvas.past is not None
            firmness, captions = known.frame_strength[0], captions_of_latents(canvas)
            return plan(self.planner, captions, latent, fps, canvas.seed, read=read, firmness=firmness, goes_on=goes_on)
        except Stranger:
            return None

    def _painter(self, sampling: Sampling) -> VideoTransformer:
        return self.turbo.transformer if self.turbo and sampling.quality == "turbo" else self.transformer

    def sample(self, canvas: Canvas, progress: Progress = silent, preview: Preview | None = None, parts: Parts = NO_PARTS) -> Frames:
        """All frames of ``canvas``, (T, H, W, 3); see ``iter_frames``."""
        return np.concatenate(list(self.iter_frames(canvas, progress, preview, parts=parts)))

    def iter_frames(
        self,
        canvas: Canvas,
        progress: Progress = silent,
        preview: Preview | None = None,
        tail: TailKeeper | None = None,
        parts: Parts = NO_PARTS,
    ) -> Iterator[Frames]:
        """Frames (n, H, W, 3) uint8 of ``canvas`` at its exact size, in order, as they are made; n is at most 8.

        Args:
            progress: Told of every denoising step and every decoded latent frame; what it raises (``Cancelled``) stops the work.
            preview: Given a rough picture every few steps, of the size at which the canvas is sampled.
            tail: Keeps the last latents, for a clip that goes on from them.
            parts: Windows of this canvas that were finished or begun before; receives those that are made now.
        Raises:
            WeightsError: The canvas is to be sampled at a smaller size, and there is no upsampler.
        """
        if canvas.sampled is None:
            return self._iter_sampled(canvas, progress, preview, tail, parts)
        if self.enlarger is None:
            height, width = canvas.sampled
            raise WeightsError(f"the video is to be sampled at {width}x{height} and upsampled, and there are no upsampler weights")
        pieces = self._iter_sampled(sampled_canvas(canvas), progress, preview, tail, parts)
        return self.enlarger.enlarge(pieces, canvas.shape.height, canvas.shape.width)

    def _iter_sampled(
        self, canvas: Canvas, progress: Progress, preview: Preview | None, tail: TailKeeper | None, parts: Parts
    ) -> Iterator[Frames]:
        """``iter_frames`` at the size of sampling."""
        grid = grid_of(canvas.shape)
        script = encode_script(canvas, self.text_encoder)
        known = encode_pins(canvas.pins, grid, self.codec, self.transformer.config.latent_channels)
        if canvas.past is not None:
            known = known.with_made(torch.from_numpy(canvas.past)[None].to(known.latents))
        latents = self._denoise(canvas, script, known, progress, preview, parts)
        if tail is not None:
            latents = tail.watch(latents, goes_on=canvas.past is not None)
        left = canvas.shape.num_frames
        for done, frames in enumerate(self.codec.decode(latents), start=1):
            yield grid.crop(frames[:left])
            left -= len(frames)
            progress(Step("decode", done, grid.latent.num_frames))

    def _denoise(
        self, canvas: Canvas, script: Script, known: Known, progress: Progress, preview: Preview | None, parts: Parts
    ) -> Iterator[Tensor]:
        """Clean latents (1, C, t, h, w) in order of time; only what a window adds."""
        grid = grid_of(canvas.shape)
        sampling = self.sampling_of(canvas)
        layouts = self.layout_of(canvas, known)
        goes_on = canvas.past is not None
        numbered = windows_for(known, grid.latent.num_frames, self.max_window, goes_on=goes_on)
        windows = [replace(window, goes_on=goes_on) for window in numbered]
        noise = draw_noise(canvas.seed, self.transformer.config.latent_channels, grid.latent).to(self.codec.device)
        made, sent = [False] * grid.latent.num_frames, 0
        walks = [sampling.of_picture() if window.is_picture else sampling for window in windows]
        done, total = 0, sum(walk.steps for walk in walks)
        for index, (window, walk) in enumerate(zip(windows, walks, strict=True)):
            part = known.part(window.start, window.stop)
            watcher = Watcher(self.codec, grid, progress, preview, done, total, parts, f"window {index}")
            done += walk.steps
            new = watcher.found(known.latents)
            if new is None:
                network = ScriptedDenoiser(self._painter(sampling), script, window, canvas.shape.fps, layouts)
                still = None if layouts is None else what_stays(known, layouts, script.rows, window.start, window.stop)
                fresh = partial(fresh_noise, canvas.seed, window.start)
                whole = self._sample_window(network, walk, part, noise[:, :, window.start : window.stop], fresh, watcher, still)
                new = whole[:, :, window.new_start - window.start : window.new_stop - window.start]
                parts.keep(watcher.name, to_values(new))
            else:
                progress(Step("denoise", done, total))
            known = known.with_made(new, window.new_start)
            made[window.new_start : window.new_stop] = [True] * (window.new_stop - window.new_start)
            ready = made.index(False) if False in made else len(made)
            if ready > sent:
                yield known.latents[:, :, sent:ready]
            sent = ready

    def _sample_window(
        self,
        network: ScriptedDenoiser,
        sampling: Sampling,
        known: Known,
        noise: Tensor,
        fresh: Callable[[int, Tensor], Tensor],
        watcher: Watcher,
        still: Still | None,
    ) -> Tensor:
        """Clean latents of a window, (1, C, t, h, w)."""
        denoise = with_guidance(network.conditional, network.pair, sampling.guidance, interval=INTERVAL)
        if network.layouts is not None:
            denoise = agreeing(denoise, alike(known, network.layouts, network.rows.tolist()))
        free = known.strength == 0
        continuity = Continuity(known, network.rows.tolist(), int(network.numbers[0]))
        known = continuity.leaning() if still is None else still.held(continuity.leaning())
        last = min(sampling.last_level, float(1 - known.frame_strength.min()) / 2)  # a weak remix begins near there, and needs steps too
        levels = shifted(sampling.steps, resolution_shift(noise.shape[-2] * noise.shape[-1]), last)
        sigmas = for_frames(levels.to(noise), known.frame_strength)
        x, waited = watcher.begun(noise) or (known.start(noise), steps_to_wait(sigmas))
        watcher.skip(waited)
        hold = (lambda x, sigma: known.hold(x, noise, sigma)) if known.has_masks else None
        sampler = AncestralSampler(lambda step: fresh(waited + step, noise))
        made = continuity.anchored(sampler(denoise, x, sigmas[waited:], watcher, hold))
        if self.transformer.config.prediction == "residual":  # which knows how large latents are
            busy = None if network.layouts is None else busy_cells(network.layouts, *made.shape[-2:])
            made = bounded(made, self.transformer.latent_deviation, busy, free)
        return made if still is None else still.put_back(made)


def windows_for(known: Known, num_frames: int, size: int, *, goes_on: bool) -> Iterator[Window]:
    """Windows in the order that lets each see what is known on its side."""
    if known.has_gap:
        return windows_between(num_frames, size)
    if known.leads_backwards:
        return windows_from_end(num_frames, size)
    return windows_of(num_frames, size, picture_first=not goes_on and not bool(known.strength.any()))


def steps_to_wait(sigmas: Tensor) -> int:
    """Leading steps of ``sigmas`` (steps + 1, B, t) in which no frame changes its level: a weak remix need not pay for them."""
    changes = (sigmas[1:] != sigmas[:-1]).flatten(1).any(1)
    return int(changes.int().argmax()) if bool(changes.any()) else len(changes)


def draw_noise(seed: int, channels: int, latent: LatentShape) -> Tensor:
    """Standard normal noise (1, C, t, h, w), float32, on the CPU: the same for every device and number of threads.

    Drawn frame by frame, so that a longer clip of one size begins with the same noise.
    """
    generator = torch.Generator("cpu").manual_seed(seed)
    frames = [torch.randn((1, channels, latent.height, latent.width), generator=generator) for _ in range(latent.num_frames)]
    return torch.stack(frames, dim=2)


def fresh_noise(seed: int, window: int, step: int, like: Tensor) -> Tensor:
    """Standard normal noise, the size of ``like``, that a step of a window draws anew; the same on every device."""
    key = hashlib.sha256(f"fresh/{seed}/{window}/{step}".encode()).digest()
    generator = torch.Generator("cpu").manual_seed(int.from_bytes(key[:7], "big"))
    return torch.randn(like.shape, generator=generator).to(like)


def load_pipeline(weights: Path, device: str = "auto", threads: int | None = None) -> NativePipeline:
    """The pipeline of a weights folder.

    Args:
        weights: Folder of ``*.safetensors``.
        device: ``auto``, ``cpu``, ``cuda``, ...
        threads: CPU threads, for the whole process; None leaves them.
    """
    where = choose_device(device)
    if threads is not None:
        torch.set_num_threads(threads)
    dtype = choose_dtype(where)
    vae, transformer = load_video_vae(weights, dtype, where), load_transformer(weights, dtype, where)
    text_encoder = load_text_encoder(weights, torch.float32, where)
    upsampler = load_upsampler(weights, dtype, where) if weights_path(weights, "upsampler").is_file() else None
    planner = load_planner(weights, torch.float32, where) if weights_path(weights, "planner").is_file() else None
    check_fit(vae, transformer, text_encoder, planner)
    reader = cache(partial(load_parser, weights, "critic", dtype, where)) if weights_path(weights, "critic").is_file() else None
    turbo = merge_turbo(weights, dtype, where)
    return NativePipeline(vae, transformer, text_encoder, upsampler, planner=planner, load_reader=reader, turbo=turbo)


def merge_turbo(weights: Path, dtype: torch.dtype, device: torch.device) -> Turbo | None:
    """The distilled transformer of a weights folder; None where it has no adapter, or one for another transformer."""
    if why_no_turbo(weights):
        return None
    transformer = load_transformer(weights, dtype, device)
    adapter = load_turbo(weights, transformer)
    adapter.merge_into(transformer)
    return Turbo(adapter.config, transformer)


def check_fit(vae: VideoVAE, transformer: VideoTransformer, text_encoder: TextEncoder, planner: Planner | None = None) -> None:
    """Raises WeightsError unless the networks were made for each other; a planner may lie beside a transformer that follows none."""
    pairs = {
        "latent channels": (transformer.config.latent_channels, vae.config.latent_channels, "video_vae"),
        "text width": (transformer.config.text_dim, text_encoder.config.out_dim, "text_encoder"),
    }
    if planner is not None and transformer.config.layout_classes:
        pairs["characters of a layout"] = (transformer.config.layout_classes, planner.config.classes, "planner")
    for what, (wanted, got, file) in pairs.items():
        if wanted != got:
            raise WeightsError(f"the transformer wants {what} {wanted}, {file}.safetensors has {got}; use weights trained together")
