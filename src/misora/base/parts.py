"""The finished parts of a video that is being made, kept so that whoever goes on after a pause or a kill does not make them again.

A part is an array of latents under a name that the maker chooses, the same in every attempt. Whether anything is kept, and where, the
maker does not know: with ``NO_PARTS`` nothing is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Begun:
    """A part that was begun: ``values`` are where it stood after ``steps`` steps."""

    steps: int
    values: Values


class Parts(Protocol):
    """What was finished before, and a place for what is finished now."""

    def find(self, name: str) -> Values | None:
        """A part that is finished; None when it has to be made."""

    def find_begun(self, name: str) -> Begun | None:
        """A part that was begun and not finished; None when it is made from its first step."""

    def keep(self, name: str, values: Values) -> None:
        """Keeps a finished part."""

    def keep_begun(self, name: str, begun: Begun) -> None:
        """Keeps, now or soon, how far a part is, in place of what was begun before."""


class Forgetful:
    """Keeps nothing."""

    def find(self, name: str) -> Values | None:
        return None

    def find_begun(self, name: str) -> Begun | None:
        return None

    def keep(self, name: str, values: Values) -> None:
        return

    def keep_begun(self, name: str, begun: Begun) -> None:
        return


NO_PARTS: Parts = Forgetful()


@dataclass(frozen=True, slots=True)
class PartsOf:
    """The parts of one of several pieces of work, whose names would otherwise be the same."""

    parts: Parts
    piece: str

    def find(self, name: str) -> Values | None:
        return self.parts.find(f"{self.piece}/{name}")

    def find_begun(self, name: str) -> Begun | None:
        return self.parts.find_begun(f"{self.piece}/{name}")

    def keep(self, name: str, values: Values) -> None:
        self.parts.keep(f"{self.piece}/{name}", values)

    def keep_begun(self, name: str, begun: Begun) -> None:
        self.parts.keep_begun(f"{self.piece}/{name}", begun)
