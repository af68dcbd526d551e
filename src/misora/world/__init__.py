"""The stage: scene programs, their physics and captions, and the renderer that turns them into clips and dense truth."""
