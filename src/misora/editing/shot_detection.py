"""Where the shots of a clip begin, told from how much each picture differs from the one before.

A cut stands out from the motion around it: its difference is several times that of its neighbours and large in itself. Dissolves are not
found. Pictures are looked at one by one, small, so memory does not grow with the clip.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from misora.media.fit import fit_picture
from misora.media.pictures import Picture

LOOK = (36, 64)
"""(height, width) at which pictures are compared."""
LEAST_LEVELS = 12.0
"""Mean difference of a cut, in levels of 255, at least."""
TIMES_NEIGHBOURS = 4.0
"""How many times the differences around it a cut's is, at least."""
AROUND = 6
"""Frames on either side that count as around."""
SHORTEST = 6
"""Frames of the shortest shot."""


def find_cuts(pictures: Iterable[Picture]) -> tuple[int, ...]:
    """Frames at which a new shot begins, the first frame of the clip excepted.

    Args:
        pictures: (H, W, 3) uint8, in order.
    """
    return cuts_in(differences(pictures))


def differences(pictures: Iterable[Picture]) -> npt.NDArray[np.float32]:
    """(T,): mean difference of each picture from the one before; 0 for the first."""
    found = [0.0]
    before: npt.NDArray[np.float32] | None = None
    for picture in pictures:
        small = fit_picture(picture, *LOOK, "stretch").astype(np.float32)
        if before is not None:
            found.append(float(np.abs(small - before).mean()))
        before = small
    return np.asarray(found, np.float32)


def cuts_in(steps: npt.NDArray[np.float32]) -> tuple[int, ...]:
    """The frames whose difference is a cut's."""
    cuts: list[int] = []
    for index in np.flatnonzero(steps >= LEAST_LEVELS):
        around = np.concatenate([steps[max(1, index - AROUND) : index], steps[index + 1 : index + 1 + AROUND]])
        if len(around) and steps[index] < TIMES_NEIGHBOURS * np.median(around):
            continue
        if index - (cuts[-1] if cuts else 0) >= SHORTEST:
            cuts.append(int(index))
    return tuple(cuts)
