"""The latents kept beside a clip, ``dog.mp4`` and ``dog.latents.safetensors``: whoever extends the clip goes on from them.

The file may be thrown away at any time; the clip is then gone on from by its pictures. One that belongs to another clip or to other
weights is not used.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from misora.api.pins import digest_of
from misora.base.errors import InputError
from misora.base.settings import load_settings
from misora.base.shapes import parse_size
from misora.base.tail import Tail
from misora.media.atomic import write_bytes
from misora.models.weights_file import weights_digest, weights_path

FORMAT = "misora/tail/1"
SUFFIX = ".latents.safetensors"


def tail_path(clip: Path) -> Path:
    """Where the latents of ``clip`` are kept."""
    return clip.with_name(clip.stem + SUFFIX)


def save_tail(tail: Tail | None, clip: Path) -> Path:
    """Writes ``tail`` beside ``clip``, which is written already; raises InputError when there is none to keep."""
    from safetensors.numpy import save

    if tail is None:
        raise InputError(f"{clip.name} has no latents to keep: a still, graded frames, or kept frames at its end", field="keep_latents")
    metadata = {"format": FORMAT, "overhang": str(tail.overhang), "vae": tail.vae, "clip": digest_of(clip)}
    if tail.sampled is not None:
        metadata["sampled"] = "{}x{}".format(*reversed(tail.sampled))
    path = tail_path(clip)
    write_bytes(path, save({"latents": np.ascontiguousarray(tail.latents)}, metadata))
    return path


def load_tail(clip: Path, sha256: str) -> Tail | None:
    """The latents beside ``clip``, where they are its own; None otherwise.

    Args:
        sha256: Of the clip's file.
    """
    from safetensors import SafetensorError, safe_open

    path = tail_path(clip)
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="np") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != FORMAT or metadata.get("clip") != sha256:
                return None
            sampled = parse_size(metadata["sampled"]) if "sampled" in metadata else None
            return usable(Tail(file.get_tensor("latents"), int(metadata["overhang"]), metadata["vae"], sampled))
    except (SafetensorError, OSError, KeyError, ValueError):
        return None


def usable(tail: Tail | None) -> Tail | None:
    """``tail`` where the autoencoder in use is the one that it belongs to, and its frames can be upsampled as they were."""
    if tail is None or (tail.sampled is not None and not weights_path(load_settings().weights, "upsampler").is_file()):
        return None
    path = weights_path(load_settings().weights, "video_vae")
    return tail if path.is_file() and weights_digest(path) == tail.vae else None
