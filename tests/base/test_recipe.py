from __future__ import annotations

import json
from dataclasses import replace

import pytest

from misora.base.errors import InputError
from misora.base.recipe import Draft, Recipe, RecipeInput
from misora.base.shapes import VideoShape

RECIPE = Recipe(
    prompt="一只小狗",
    caption="白天，一只小狗在海滩上奔跑。",
    shape=VideoShape(120, 480, 832, 24.0),
    seed=2**40,
    steps=25,
    guidance=3.0,
    sampler="euler",
    weights={"transformer": "ab" * 32},
    inputs=(RecipeInput("cd" * 32, 8, 0.5),),
)


def test_a_recipe_survives_json() -> None:
    upsampled = replace(RECIPE, sampled=(240, 416), draft=Draft(360, 640, 8, 0.5, (240, 428)), draft_of=None)
    for recipe in (RECIPE, upsampled, replace(RECIPE, draft_of=(480, 832), draft=Draft(240, 416, 8, 0.5))):
        assert Recipe.from_json(recipe.to_json()) == recipe
    assert json.loads(RECIPE.to_json())["format"] == "misora/recipe/1"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a comment by hand", "not JSON"),
        ("[1]", "not an object"),
        ("{}", "its format is None"),
        ('{"format": "misora/recipe/9"}', "misora/recipe/9"),
        ('{"format": "misora/recipe/1"}', "damaged"),
        (RECIPE.to_json().replace('"steps"', '"stops"'), "damaged"),
        (RECIPE.to_json().replace('"height": 480', '"height": 4'), "height=4"),
        (RECIPE.to_json().replace('"sampled": null', '"sampled": "ab"'), "damaged"),
        (RECIPE.to_json().replace('"sampled": null', '"sampled": [240]'), "damaged"),
    ],
)
def test_what_is_not_a_recipe_is_an_input_error(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        Recipe.from_json(text)
