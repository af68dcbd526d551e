"""Times as people write them on a card: seconds, frames, or a timecode."""

from __future__ import annotations

import math
import re

from misora.base.errors import InputError

FRAMES = re.compile(r"(\d+)\s*f")
CLOCK = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:\.\d+)?)")
TIMECODE = re.compile(r"(\d+):(\d{1,2}):(\d{1,2}):(\d{1,3})")


def parse_time(text: str, fps: float, field: str) -> float:
    """Seconds of ``2.5``, ``2.5s``, ``60f``, ``0:02.5``, ``0:00:02.5`` or ``00:00:02:12`` (the last two digits are frames).

    Raises:
        InputError: It is none of these.
    """
    text = text.strip()
    if found := FRAMES.fullmatch(text):
        return int(found[1]) / fps
    if found := TIMECODE.fullmatch(text):
        hours, minutes, seconds, frames = (int(part) for part in found.groups())
        return 3600 * hours + 60 * minutes + seconds + frames / fps
    if found := CLOCK.fullmatch(text):
        return 3600 * int(found[1] or 0) + 60 * int(found[2]) + float(found[3])
    try:
        seconds_said = float(text.removesuffix("s"))
    except ValueError:
        seconds_said = math.nan
    if not math.isfinite(seconds_said):
        raise InputError(f"{field}={text!r} is no time; write seconds (2.5), frames (60f) or a timecode (0:02.5)", field=field)
    return seconds_said
