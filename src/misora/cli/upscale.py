"""``misora upscale``: a clip or picture, larger, or a clip at more frames a second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from misora.cli.options import AsJson, Clip, OutBeside

if TYPE_CHECKING:
    from misora.api.generate import Generation
    from misora.cli.display import Display


def upscale(
    clip: Clip,
    size: Annotated[
        str | None, typer.Option(help="240p to 1080p for the short side, or WIDTHxHEIGHT; 1080p, or as it is where --fps is given.")
    ] = None,
    fps: Annotated[float | None, typer.Option(help="Frames a second, more than the clip has.")] = None,
    out: OutBeside = None,
    as_json: AsJson = False,
) -> None:
    """Makes CLIP larger, or gives it more frames a second, or both, and prints the new path."""
    from misora.api.output import check_output
    from misora.api.upscale import NAME, prepare_upscale, start_upscale
    from misora.cli.deliver import write
    from misora.cli.edits import beside

    prepared = prepare_upscale(clip, size, fps)
    target = out or beside(clip, NAME, is_still=prepared.shape.num_frames == 1)
    check_output(target, prepared.shape)

    def begin(display: Display) -> Generation:
        return start_upscale(prepared, progress=display.progress)

    write(begin, target, as_json=as_json)
