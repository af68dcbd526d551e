"""Misora: an open Sora that you run, own, train and extend.

``import misora`` loads nothing heavy; ``misora.generate``, ``misora.Canvas`` and the others are fetched when they are first named.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from misora.api.draft import finish
    from misora.api.generate import generate, image, presets, release
    from misora.api.pins import PinRequest
    from misora.api.replay import ReplayWarning, replay
    from misora.api.storyboard import storyboard
    from misora.api.takes import Take, takes
    from misora.api.tools import blend, connect, edit, extend, fill, loop, recut, reframe, remix, restyle
    from misora.api.upscale import upscale
    from misora.api.video import Video
    from misora.base.canvas import Canvas, Pin, Span
    from misora.base.errors import Cancelled, InputError, MediaError, MisoraError, WeightsError
    from misora.base.progress import Step
    from misora.base.recipe import Recipe
    from misora.base.shapes import VideoShape
    from misora.prompting.presets import Preset
    from misora.prompting.rewriter import Rewrite, rewrite

_HOMES = {
    "finish": "misora.api.draft",
    "generate": "misora.api.generate",
    "image": "misora.api.generate",
    "presets": "misora.api.generate",
    "release": "misora.api.generate",
    "PinRequest": "misora.api.pins",
    "ReplayWarning": "misora.api.replay",
    "replay": "misora.api.replay",
    "connect": "misora.api.tools",
    "edit": "misora.api.tools",
    "extend": "misora.api.tools",
    "Take": "misora.api.takes",
    "takes": "misora.api.takes",
    "fill": "misora.api.tools",
    "loop": "misora.api.tools",
    "remix": "misora.api.tools",
    "restyle": "misora.api.tools",
    "reframe": "misora.api.tools",
    "recut": "misora.api.tools",
    "blend": "misora.api.tools",
    "storyboard": "misora.api.storyboard",
    "upscale": "misora.api.upscale",
    "Video": "misora.api.video",
    "Canvas": "misora.base.canvas",
    "Pin": "misora.base.canvas",
    "Span": "misora.base.canvas",
    "Cancelled": "misora.base.errors",
    "InputError": "misora.base.errors",
    "MediaError": "misora.base.errors",
    "MisoraError": "misora.base.errors",
    "WeightsError": "misora.base.errors",
    "Step": "misora.base.progress",
    "Recipe": "misora.base.recipe",
    "VideoShape": "misora.base.shapes",
    "Preset": "misora.prompting.presets",
    "Rewrite": "misora.prompting.rewriter",
    "rewrite": "misora.prompting.rewriter",
}

__all__ = [
    "Cancelled", "Canvas", "InputError", "MediaError", "MisoraError", "Pin", "PinRequest", "Preset", "Recipe", "ReplayWarning", "Rewrite",
    "Span", "Step", "Take", "Video", "VideoShape", "WeightsError", "__version__", "blend", "connect", "edit", "extend", "fill", "finish",
    "generate", "image", "loop", "presets", "recut", "reframe", "release", "remix", "replay", "restyle", "rewrite", "storyboard", "takes",
    "upscale",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'misora' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
