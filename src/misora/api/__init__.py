"""The Python API: a sentence in, a ``Video`` out, in this process; what ``import misora`` offers and the command line calls."""
