"""Evaluation in the box: held-out prompts, the judge, measures with intervals, and a report."""
