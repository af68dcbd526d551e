"""The judge: the one parser that nothing is trained, ranked or rewarded with. Only this file loads it.

A number that has been optimised against its own judge says little. So there are two parsers, trained apart from other seeds on
other clips: the critic may be used anywhere, the judge is for reports alone, and a test keeps it so.
"""

from __future__ import annotations

from pathlib import Path

from misora.base.settings import load_settings
from misora.models.parser.model import Parser
from misora.models.registry import load_parser
from misora.pipelines.runtime import choose_device, choose_dtype


def load_judge(weights: Path | None = None, device: str | None = None) -> Parser:
    """The judge of a weights folder, the shipped one by default: it is the same whichever model is evaluated."""
    settings = load_settings()
    where = choose_device(device or settings.device)
    return load_parser(weights or settings.weights, "judge", choose_dtype(where), where)
