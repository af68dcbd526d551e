"""The editing tools by the name that people type; a recipe's tool is looked up here."""

from __future__ import annotations

from misora.editing.blend import Blend
from misora.editing.connect import Connect
from misora.editing.extend import Extend
from misora.editing.fill import Fill
from misora.editing.loop import Loop
from misora.editing.recut import Recut
from misora.editing.reframe import Reframe
from misora.editing.remix import Remix
from misora.editing.restyle import Restyle
from misora.editing.storyboard.shoot import Shoot
from misora.editing.tool import Tool

TOOLS: dict[str, type[Tool]] = {tool.name: tool for tool in (Extend, Fill, Connect, Loop, Remix, Restyle, Recut, Blend, Reframe, Shoot)}
