"""Form names with brackets spell the object that the client flattened."""

from __future__ import annotations

import pytest

from misora.base.errors import InputError
from misora.studio.brackets import to_tree


@pytest.mark.parametrize(
    ("pairs", "tree"),
    [
        ([("prompt", "a"), ("seed", "3")], {"prompt": "a", "seed": "3"}),
        ([("video[id]", "v")], {"video": {"id": "v"}}),
        ([("tags[]", "a"), ("tags[]", "b")], {"tags": ["a", "b"]}),
        ([("cards[][t]", "0"), ("cards[][x]", "a"), ("cards[][t]", "1")], {"cards": [{"t": "0", "x": "a"}, {"t": "1"}]}),
        ([("k[][media][file_id]", "f"), ("k[][seconds]", "1")], {"k": [{"media": {"file_id": "f"}, "seconds": "1"}]}),
        ([("a[b][c]", "1"), ("a[b][d]", "2")], {"a": {"b": {"c": "1", "d": "2"}}}),
    ],
)
def test_the_object_is_the_one_that_was_flattened(pairs: list[tuple[str, str]], tree: object) -> None:
    assert to_tree(pairs) == tree


@pytest.mark.parametrize(
    "names", [["a[b"], ["a]b"], [""], ["[a]"], ["a", "a"], ["a", "a[b]"], ["a[]", "a[b]"], ["a[][]"], ["a[b][c][d][e][f][g]"]]
)
def test_names_that_spell_nothing_are_refused(names: list[str]) -> None:
    with pytest.raises(InputError):
        to_tree((name, "x") for name in names)
