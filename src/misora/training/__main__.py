"""``python -m misora.training STAGE``: the training command for machines that have torch but not the command line's packages."""

from __future__ import annotations

import argparse
import functools
import sys
from pathlib import Path

from misora.base.errors import MisoraError
from misora.training.main import recipe_names, run


def main() -> int:
    parser = argparse.ArgumentParser(prog="misora.training", description=f"Stages and recipes: {recipe_names()}")
    parser.add_argument("stage")
    parser.add_argument("--recipe", default="small")
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--out", type=Path, default=None)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--save-minutes", type=float, default=3.0)
    args = parser.parse_args()
    out = args.out or Path("runs") / f"{args.stage}-{args.recipe}"
    try:
        weights = run(
            args.stage,
            args.recipe,
            minutes=args.minutes,
            out=out,
            device=args.device,
            save_minutes=args.save_minutes,
            say=functools.partial(print, flush=True),
        )
    except MisoraError as error:
        print(error, file=sys.stderr)
        return 2
    print(weights)
    return 0


if __name__ == "__main__":
    sys.exit(main())
