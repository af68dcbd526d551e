"""The exception tree: what each error is, and that it survives the way back from a worker process."""

from __future__ import annotations

import inspect
import pickle

import pytest

from misora.base import errors
from misora.base.errors import (
    AssetsError,
    Cancelled,
    InputError,
    MediaError,
    MisoraError,
    MissingExtraError,
    TrainingError,
    WeightsError,
)

TREE = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Exception)]


@pytest.mark.parametrize(
    ("kind", "parents"),
    [
        (InputError, (MisoraError, ValueError)),
        (MediaError, (InputError,)),
        (MissingExtraError, (MisoraError, ImportError)),
        (WeightsError, (MisoraError,)),
        (AssetsError, (MisoraError,)),
        (TrainingError, (MisoraError,)),
        (Cancelled, (MisoraError,)),
    ],
)
def test_each_error_is_caught_as_its_parents(kind: type[MisoraError], parents: tuple[type[Exception], ...]) -> None:
    for parent in parents:
        with pytest.raises(parent, match="why"):
            raise kind("why")


@pytest.mark.parametrize("kind", TREE)
def test_every_error_is_in_the_drawing_and_documented(kind: type[MisoraError]) -> None:
    assert issubclass(kind, MisoraError)
    assert kind.__name__ in (errors.__doc__ or "")
    assert inspect.getdoc(kind)


@pytest.mark.parametrize("kind", [InputError, MediaError])
def test_the_field_is_optional_and_survives_pickling(kind: type[InputError]) -> None:
    assert kind("no").field is None
    back = pickle.loads(pickle.dumps(kind("no", field="pins.mask")))
    assert (type(back), str(back), back.field) == (kind, "no", "pins.mask")
