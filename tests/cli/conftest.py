"""Every test of this room runs on tiny weights."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _on_tiny_weights(tiny_weights_in_use: None) -> None:
    """Only asks for the shared fixture."""
