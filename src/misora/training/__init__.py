"""Training: one command a stage, stopped by the clock, resumed to the bit, from recipes that are Python functions."""
