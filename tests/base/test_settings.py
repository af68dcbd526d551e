"""Settings from an environment that the test gives, never from the real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from misora.base.errors import InputError
from misora.base.settings import PACKAGE, load_settings


def test_an_empty_environment_gives_the_documented_defaults() -> None:
    settings = load_settings({})
    assert settings.weights == PACKAGE / "models" / "weights"
    assert settings.assets == Path("data/stage")
    assert settings.device == "auto"
    assert settings.threads >= 1
    assert settings.database == "sqlite:///data/library/misora.db" and settings.vault == "data/library/vault"
    assert settings.plans.name == "plans.toml"


def test_each_variable_is_read() -> None:
    settings = load_settings({"MISORA_WEIGHTS": "w", "MISORA_ASSETS": "a", "MISORA_DEVICE": "cuda:1", "MISORA_THREADS": "3"})
    assert (settings.weights, settings.assets, settings.device, settings.threads) == (Path("w"), Path("a"), "cuda:1", 3)


def test_empty_values_mean_unset() -> None:
    empty = dict.fromkeys(["MISORA_WEIGHTS", "MISORA_ASSETS", "MISORA_DEVICE", "MISORA_THREADS"], "")
    assert load_settings(empty) == load_settings({})


@pytest.mark.parametrize("value", ["0", "-2", "many", "1.5", " ", "²"])
def test_a_thread_count_that_is_none_names_the_variable_and_the_value(value: str) -> None:
    with pytest.raises(InputError, match="at least 1") as caught:
        load_settings({"MISORA_THREADS": value})
    assert caught.value.field == "MISORA_THREADS"
    assert repr(value) in str(caught.value)
