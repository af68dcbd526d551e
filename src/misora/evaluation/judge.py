"""The judge: the one parser that nothing is trained, ranked or rewarded with. Only this file loads it.

A number that has been optimised against its own judge says little. So there are two parsers, trained apart from other seeds on
other clips: the critic may be used anywhere, the judge is for reports alone, and a test keeps it so.
"""

from __future__ import annotations

from pathlib import Path

from misora.base.settings import PACKAGE, Settings
from misora.models.parser.model import Parser
from misora.models.registry import load_parser
from misora.models.weights_file import weights_path
from misora.pipelines.runtime import choose_device, choose_dtype


def judge_folder(settings: Settings) -> Path:
    """Where the judge lies: in the weights folder in use where that has one, else in the package."""
    return settings.weights if weights_path(settings.weights, "judge").is_file() else PACKAGE / "models" / "weights"


def load_judge(settings: Settings) -> Parser:
    """The judge, the same whichever model is evaluated."""
    folder, where = judge_folder(settings), choose_device(settings.device)
    return load_parser(folder, "judge", choose_dtype(where), where)
