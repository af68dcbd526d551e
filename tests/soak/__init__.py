"""Draws of chance that must never end badly: ``make test`` takes a few of each, ``make soak`` as many as there is time for."""
