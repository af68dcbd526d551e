"""Records, shapes, errors and settings that every room shares; knows no torch, no web, no files of weights."""
