"""The colours that characters can be painted in, as plain numbers."""

from __future__ import annotations

OWN_COLOUR = "own"
"""A player that was not painted in another colour."""
#: Hue in turns, and what happens to saturation and brightness.
COLOURS: dict[str, tuple[float, float, float]] = {
    "red": (0.985, 1.0, 1.0),
    "orange": (0.075, 1.0, 1.05),
    "yellow": (0.135, 0.95, 1.15),
    "green": (0.345, 0.9, 0.9),
    "blue": (0.59, 1.0, 1.0),
    "purple": (0.76, 0.85, 0.95),
    "pink": (0.93, 0.6, 1.15),
}
