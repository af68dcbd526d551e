"""Progress on a terminal, silence in a pipe: bars on standard error, with the path of a preview picture that is kept fresh."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from misora.base.progress import Progress, Step, silent

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from misora.base.canvas import Frames


@dataclass(frozen=True, slots=True)
class Display:
    """What a long job reports to; ``preview`` is None where nobody watches."""

    progress: Progress
    preview: Callable[[Frames], None] | None = None


@contextmanager
def showing() -> Iterator[Display]:
    """A display for one job: bars when standard error is a terminal, nothing otherwise."""
    if not sys.stderr.isatty():
        yield Display(silent)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description:8}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    picture = Path(tempfile.gettempdir()) / f"misora-preview-{os.getpid()}.png"
    try:
        with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
            yield Display(_Reporter(bars), _Previewer(bars, picture))
    finally:
        picture.unlink(missing_ok=True)


class _Reporter:
    """One bar for each stage."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, step: Step) -> None:
        if step.stage not in self._tasks:
            self._tasks[step.stage] = self._bars.add_task(step.stage, total=step.total)
        self._bars.update(self._tasks[step.stage], completed=step.done)


class _Previewer:
    """Writes each rough picture over the last; says where when the first one is there."""

    def __init__(self, bars: Bars, path: Path) -> None:
        self._bars = bars
        self._path = path
        self._said = False

    def __call__(self, frames: Frames) -> None:
        from misora.media.stills import write_image

        write_image(self._path, frames[0])
        if not self._said:
            self._bars.console.print(f"preview: {self._path}", highlight=False, soft_wrap=True)
            self._said = True
