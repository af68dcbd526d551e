"""Layers that several networks share: norm, rotary positions, scalar embeddings, SwiGLU."""
