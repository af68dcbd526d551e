"""A canvas in, frames out: with our own weights, and later one file for each family of open weights."""
