"""Prompts: reads what a person asked for and rewrites it, visibly, into the style of the training captions."""
