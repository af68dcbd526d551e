"""The parser that a run goes on from: each role from itself alone, so that nothing of the judge ever reaches the critic, or a model."""

from __future__ import annotations

from pathlib import Path

from misora.models.parser.model import Parser
from misora.models.registry import load_parser
from misora.models.weights_file import ParserKind


def load_start(folder: Path, role: ParserKind) -> Parser:
    """The critic or the judge of ``folder``, in float32, to be trained further as what it is."""
    return load_parser(folder, "judge") if role == "judge" else load_parser(folder, "critic")
