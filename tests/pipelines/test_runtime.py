from __future__ import annotations

import pytest
import torch

from misora.base.errors import InputError
from misora.pipelines.runtime import choose_device, choose_dtype


def test_auto_is_a_device_that_is_there() -> None:
    assert choose_device("auto").type in ("cpu", "cuda")
    assert choose_dtype(torch.device("cpu")) in (torch.bfloat16, torch.float32)


@pytest.mark.parametrize("name", ["toaster", "cuda:99"])
def test_a_device_that_is_not_there_is_an_input_error(name: str) -> None:
    with pytest.raises(InputError, match="cannot be used"):
        choose_device(name)
