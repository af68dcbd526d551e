"""The step that marks a file with how it was made; only a judged file can be signed, and only a signed file can be published.

What exists now is the recipe inside the file, read back to be sure that it is there. Content credentials take this one's place.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from misora.base.errors import MisoraError
from misora.base.recipe import Recipe
from misora.engine.judging import Verdict
from misora.media.probe import is_picture_file, probe
from misora.media.stills import still_metadata


class SigningError(MisoraError):
    """A file could not be marked; it is not served."""


@dataclass(frozen=True, slots=True)
class JudgedFile:
    """A file of our own making whose frames were allowed.

    Args:
        role: ``video``, ``image``, ``thumbnail`` or ``spritesheet``.
        width, height, num_frames: Pixels and pictures.
        fps: None for a still.
    """

    path: Path
    role: str
    media_type: str
    width: int
    height: int
    num_frames: int
    fps: float | None
    verdict: Verdict
    recipe: Recipe


@dataclass(frozen=True, slots=True)
class SignedFile:
    """A judged file that says how it was made; ``signature`` names the way of saying it."""

    file: JudgedFile
    signature: str


class Signer(Protocol):
    """Marks files."""

    def sign(self, file: JudgedFile) -> SignedFile:
        """Marks ``file`` in place; raises SigningError when it cannot."""


class RecipeSigner:
    """Makes sure that the file carries its recipe, in the words that ``misora replay`` reads."""

    name = "recipe/1"

    def sign(self, file: JudgedFile) -> SignedFile:
        metadata = still_metadata(file.path) if is_picture_file(file.path) else probe(file.path).metadata
        if metadata.get("comment") != file.recipe.to_json():
            raise SigningError(f"the {file.role} does not carry its recipe; it is not served")
        return SignedFile(file, self.name)
