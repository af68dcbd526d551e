"""Where and in which precision a pipeline computes."""

from __future__ import annotations

import torch

from misora.base.errors import InputError


def choose_device(name: str) -> torch.device:
    """``"auto"`` is the GPU when there is one; raises InputError for a device that this machine or torch does not have."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"device={name!r} cannot be used ({reason}); choose auto, cpu or cuda", field="MISORA_DEVICE") from error
    return device


def name_of(device: torch.device) -> str:
    """``cpu``, or the GPU's own name: another model rounds otherwise."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def choose_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where the hardware multiplies it, else float32: an old CPU emulates bfloat16 many times slower."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    if device.type == "cpu" and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return torch.float32
    return torch.bfloat16
