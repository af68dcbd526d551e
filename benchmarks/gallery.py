"""One contact sheet of a fixed list of prompts, none chosen by its result: what the shipped weights do, good and bad.

    python benchmarks/gallery.py [--out docs/pictures/gallery.webp] [--size 256x256] [--seconds 2]

Every prompt has the seed of its place in the list. The rewriter is on, as it is for a user.
"""

from __future__ import annotations

import argparse
import sys

import misora
from misora.media.contact_sheet import write_contact_sheet

PROMPTS = (
    "a dog runs along the beach",
    "一只小狗在海滩上奔跑",
    "a rocket flies to the right over the moon",
    "a penguin comes closer in the snow at sunset",
    "a cow stands in the meadow",
    "a bus drives to the left through the city at night",
    "一只老虎在森林里向左走",
    "a whale swims to the right under water",
    "a camel walks through the desert at sunset",
    "a ball bounces in the meadow",
    "a fox is on the left of a duck in the snow",
    "a ghost spins in the forest at night",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="docs/pictures/gallery.webp")
    parser.add_argument("--size", default="256x256")
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--prompts", type=int, default=len(PROMPTS))
    args = parser.parse_args()
    clips = []
    for seed, prompt in enumerate(PROMPTS[: args.prompts]):
        clips.append(misora.generate(prompt, seconds=args.seconds, size=args.size, seed=seed).frames)
        print(f"{seed + 1} of {args.prompts}: {prompt}", file=sys.stderr)
    write_contact_sheet(args.out, clips, columns=6, cell_height=128, labels=PROMPTS[: args.prompts])
    print(args.out)


if __name__ == "__main__":
    main()
