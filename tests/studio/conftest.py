"""A studio for each test, without accounts and with; a picture and a clip to upload."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from misora.media.encode import write_video
from misora.media.stills import encode_image
from misora.studio.service import Options
from studios import Rig, make_rig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """Without accounts."""
    rig = make_rig(tmp_path)
    yield rig
    rig.client.close()
    rig.bench.engine.database.close()


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Rig]:
    """With accounts."""
    rig = make_rig(tmp_path, Options(accounts=True))
    yield rig
    rig.client.close()
    rig.bench.engine.database.close()


@pytest.fixture
def limited(tmp_path: Path) -> Callable[..., Rig]:
    """With options of one's own."""
    return lambda **values: make_rig(tmp_path, replace(Options(), **values))


@pytest.fixture
def picture() -> bytes:
    return encode_image(np.full((64, 64, 3), 200, np.uint8), "PNG")


@pytest.fixture
def clip(tmp_path: Path) -> bytes:
    """Half a second of 64x64 at 8 frames a second."""
    path = tmp_path / "clip.mp4"
    write_video(path, np.full((4, 64, 64, 3), 120, np.uint8), 8)
    return path.read_bytes()
