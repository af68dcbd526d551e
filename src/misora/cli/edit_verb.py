"""An editing verb from what is its own: the options that all of them share are added here, once, and what it reads is made and written."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from misora.cli.options import (
    AsJson,
    Guidance,
    Native,
    Negative,
    NewPrompt,
    NoPlan,
    NoRewrite,
    OutBeside,
    Quality,
    Rewriter,
    Seed,
    Steps,
    rewriting,
)

if TYPE_CHECKING:
    from misora.api.edit import Choices
    from misora.editing.tool import Tool

Edit = tuple["Tool", Sequence[Path]]
"""A tool and the clips that it works on."""

REQUIRED = inspect.Parameter.empty
SHARED: dict[str, tuple[Any, Any]] = {
    "prompt": (NewPrompt, None),
    "seed": (Seed, None),
    "steps": (Steps, None),
    "guidance": (Guidance, None),
    "quality": (Quality, None),
    "negative": (Negative, ""),
    "no_rewrite": (NoRewrite, False),
    "rewriter": (Rewriter, None),
    "native": (Native, False),
    "no_plan": (NoPlan, False),
    "out": (OutBeside, None),
    "as_json": (AsJson, False),
}
"""What every editing verb takes: name to annotation and default."""


def edit_verb(**further: tuple[Any, Any]) -> Callable[[Callable[..., Edit]], Callable[..., None]]:
    """Makes a verb of a function that reads its own arguments into an ``Edit``; its parameters, docstring and name are the verb's.

    Args:
        further: Options of ``SHARED`` that this verb has otherwise, or of ``choices_from`` and ``deliver_edit`` that only some verbs have,
            as annotation and default; ``REQUIRED`` is none.
    """
    shared = SHARED | further

    def verb_of(read: Callable[..., Edit]) -> Callable[..., None]:
        own = inspect.signature(read, eval_str=True).parameters
        both = {name: (one.annotation, one.default) for name, one in own.items()} | shared

        def verb(**given: Any) -> None:
            from misora.cli.edits import deliver_edit

            tool, clips = read(**{name: given[name] for name in own})
            keep_latents = given.get("keep_latents", False)
            deliver_edit(tool, clips, choices_from(given), given["out"], as_json=given["as_json"], keep_latents=keep_latents)

        verb.__name__, verb.__doc__, verb.__module__ = read.__name__, read.__doc__, read.__module__
        keyword = inspect.Parameter.KEYWORD_ONLY
        verb.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [inspect.Parameter(name, keyword, annotation=annotation, default=default) for name, (annotation, default) in both.items()]
        )
        return verb

    return verb_of


def choices_from(given: Mapping[str, Any]) -> Choices:
    """What the shared options ask for; raises InputError."""
    from misora.api.edit import Choices

    return Choices(
        given["prompt"],
        given["seed"],
        given["steps"],
        given["guidance"],
        given["negative"],
        rewriting(given["no_rewrite"], given["rewriter"]),
        given.get("preset"),
        given["native"],
        given["quality"],
        not given["no_plan"],
    )
