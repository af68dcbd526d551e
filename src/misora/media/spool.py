"""Room for frames: in memory while they are few, else in a file that is gone when nobody looks at them any more.

A minute at 1080p is 9 GB of frames, of which an edit looks at a second or two. In a file the system may take their memory back whenever it
needs it. The file lies where Python keeps temporary ones; set TMPDIR where that is small, or is itself memory.
"""

from __future__ import annotations

import math
import os
import tempfile

import numpy as np

from misora.base.canvas import Frames
from misora.base.errors import MediaError

MEMORY_BYTES = 256 * 2**20
"""Frames that take more lie in a file."""


def room_for(shape: tuple[int, int, int, int], *, memory_bytes: int = MEMORY_BYTES) -> Frames:
    """An uninitialised uint8 array (T, H, W, 3); an ordinary one to whoever uses it.

    Raises:
        MediaError: It needs a file, and the disk has no room for that.
    """
    size = math.prod(shape)
    if size <= memory_bytes:
        return np.empty(shape, np.uint8)
    try:
        with tempfile.TemporaryFile(prefix="misora-") as file:
            reserve(file.fileno(), size)
            # The mapping outlives the file's handle, and the file its name.
            return np.asarray(np.memmap(file, np.uint8, "r+", shape=shape))
    except OSError as error:
        raise MediaError(
            f"{size / 2**30:.1f} GiB of frames do not fit into {tempfile.gettempdir()} ({(error.strerror or str(error)).lower()});"
            " free some space, or set TMPDIR to a folder that has it"
        ) from error


def reserve(descriptor: int, size: int) -> None:
    """Makes a file ``size`` bytes long, with its blocks where the system can: a mapped file that runs out of disk kills the process."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    else:
        os.ftruncate(descriptor, size)
