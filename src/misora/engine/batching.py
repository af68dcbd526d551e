"""Which jobs may be made together; knows no tensor. Who computes together, and how, is the renderer's business.

A batch is a stretch of the queue's own order: whoever comes next joins while they are alike, so no job is overtaken by another.
"""

from __future__ import annotations

from misora.base.shapes import VideoShape
from misora.store.records import Job

KINDS = ("generate", "image")
SAME = ("steps", "guidance", "draft", "native", "quality")
"""Fields of a request that decide how long its calls of the network are, and how many."""


def are_alike(one: Job, other: Job) -> bool:
    """Whether two jobs make the same calls of the same network, so that neither waits for the other."""
    same_work = (one.kind, one.shape_key, one.model) == (other.kind, other.shape_key, other.model)
    return same_work and all(one.request.get(name) == other.request.get(name) for name in SAME)


def may_share(job: Job) -> bool:
    """Whether a job, as it was claimed, may have company: one whose worker was lost before may be what killed it, and is made alone."""
    return job.kind in KINDS and job.attempts <= 1


def shape_from(shape_key: str) -> VideoShape:
    """``"48x480x832@24"``, as in a job's row."""
    sides, fps = shape_key.split("@")
    num_frames, height, width = map(int, sides.split("x"))
    return VideoShape(num_frames, height, width, float(fps))
