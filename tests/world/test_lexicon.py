"""Reading prompts: who, what, where, when, whither; and saying what was not understood."""

from __future__ import annotations

import pytest

from misora.world.events import heading_of
from misora.world.lexicon import Lexicon, load_lexicon
from misora.world.program import Action, CameraMove, Direction, Place, Time
from misora.world.readings import Kind

L, R, N = Direction.LEFT, Direction.RIGHT, Direction.NONE


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return load_lexicon()


@pytest.mark.parametrize(
    ("text", "character", "action", "direction"),
    [
        ("a dog runs to the left", "dog", Action.RUN, L),
        ("dogs running leftwards", "dog", Action.RUN, L),
        ("a dog enters from the left", "dog", Action.ENTER, R),
        ("a dog enters on the left", "dog", Action.ENTER, R),
        ("a dog enters left", "dog", Action.ENTER, R),
        ("from the right, a dog comes into view", "dog", Action.ENTER, L),
        ("a dog leaves to the left", "dog", Action.LEAVE, L),
        ("a dog exits on the right", "dog", Action.LEAVE, R),
        ("a dog left the room", "dog", Action.LEAVE, N),
        ("a dog walks in from the left", "dog", Action.ENTER, R),
        ("a dog walks in the snow", "dog", Action.WALK, N),
        ("a dog on the left stands still", "dog", Action.STAND, N),
        ("the horse galloped from right to left", "horse", Action.RUN, L),
        ("a fly flies", "bee", Action.FLY, N),
        ("the bird flew to the right", "bird", Action.FLY, R),
        ("a duck bounces like a ball", "duck", Action.BOUNCE, N),
        ("a flying saucer spins", "flying_saucer", Action.SPIN, N),
        ("一只小狗向左跑", "dog", Action.RUN, L),
        ("小狗从左边走进来", "dog", Action.ENTER, R),
        ("小狗从左边离开", "dog", Action.LEAVE, L),
        ("小狗从左边跑到右边", "dog", Action.RUN, R),
        ("小狗跑向右边", "dog", Action.RUN, R),
        ("一隻貓往右飛", "cat", Action.FLY, R),
        ("斑马走近镜头", "zebra", Action.APPROACH, N),
        ("蜗牛向远处走去", "snail", Action.RETREAT, N),
        ("一只在原地跳跃的恐龙", "dinosaur", Action.JUMP, N),
    ],
)
def test_who_does_what_and_where_to(lexicon: Lexicon, text: str, character: str, action: Action, direction: Direction) -> None:
    (event,) = lexicon.read(text).events
    assert (event.characters, event.action, event.direction) == ((character,), action, direction)


@pytest.mark.parametrize(
    ("text", "place", "time"),
    [
        ("a cat by the seaside at dusk", Place.BEACH, Time.SUNSET),
        ("a cat on the moon", Place.MOON, None),
        ("a cat under the moon", None, Time.NIGHT),
        ("a cat under the sea after dark", Place.UNDERWATER, Time.NIGHT),
        ("月光下的森林里有一只狐狸", Place.FOREST, Time.NIGHT),
        ("月亮上的兔子", Place.MOON, None),
        ("夜裡，海邊的貓", Place.BEACH, Time.NIGHT),
        ("雪人在草地上", Place.MEADOW, None),
        ("气球在城市上空", Place.CITY, None),
    ],
)
def test_where_and_when(lexicon: Lexicon, text: str, place: Place | None, time: Time | None) -> None:
    reading = lexicon.read(text)
    assert reading.places == ((place,) if place else ())
    assert reading.times == ((time,) if time else ())


@pytest.mark.parametrize(
    ("text", "move"),
    [
        ("the camera slowly pans to the left", CameraMove.PAN_LEFT),
        ("镜头缓缓向右移动", CameraMove.PAN_RIGHT),
        ("zooming in on a cat", CameraMove.ZOOM_IN),
        ("镜头跟着一只兔子跑", CameraMove.FOLLOW),
    ],
)
def test_camera_moves_are_not_headings_of_players(lexicon: Lexicon, text: str, move: CameraMove) -> None:
    reading = lexicon.read(text)
    assert reading.cameras == (move,)
    assert all(event.direction is N for event in reading.events)


def test_sides_belong_to_their_own_player(lexicon: Lexicon) -> None:
    english = lexicon.read("A fox runs on the beach to the left while a duck walks right.").events
    chinese = lexicon.read("一只狐狸向左跑，一只鸭子走向右边").events
    assert [(event.characters, event.direction) for event in english] == [(("fox",), L), (("duck",), R)]
    assert [(event.characters, event.direction) for event in chinese] == [(("fox",), L), (("duck",), R)]


@pytest.mark.parametrize(
    "text",
    [
        "The fox is to the left of the duck",
        "the duck is on the right of the fox",
        "狐狸在鸭子的左边",
        "鸭子在狐狸右侧",
        "一只狐狸在鸭子左边",
        "鸭子在一只狐狸右边跑",
        "狐狸站在鸭子左边",
        "狐狸站在鸭子的左边",
    ],
)
def test_relations_are_read_in_one_sense(lexicon: Lexicon, text: str) -> None:
    assert lexicon.read(text).relations == (("fox", "left_of", "duck"),)


@pytest.mark.parametrize(
    "text",
    [
        "A fox runs. At first the fox is to the left of the duck.",
        "At first the duck is to the right of the fox. The fox runs.",
        "A fox runs and a duck swims, the fox starts to the left of the duck.",
        "The duck begins on the right of the fox.",
        "一开始狐狸在鸭子的左边。",
        "狐狸跑步。起初鸭子在狐狸右侧。",
    ],
)
def test_what_is_so_at_first_need_not_stay_so(lexicon: Lexicon, text: str) -> None:
    assert lexicon.read(text).relations == (("fox", "starts_left_of", "duck"),)


@pytest.mark.parametrize("text", ["狐狸和鸭子在左边", "狐狸跑步。鸭子在左边", "狐狸追鸭子，鸭子从左边跑到右边", "狐狸在左边，鸭子在右边"])
def test_a_side_of_the_picture_is_no_side_of_somebody(lexicon: Lexicon, text: str) -> None:
    assert lexicon.read(text).relations == ()


def test_a_side_of_somebody_without_anybody_at_it_says_nothing(lexicon: Lexicon) -> None:
    assert lexicon.read("狐狸在鸭子的左边，猫的右边").relations == (("fox", "left_of", "duck"),)


def test_only_the_sentence_that_says_so_is_about_the_beginning(lexicon: Lexicon) -> None:
    assert lexicon.read("At first it rains. The fox is to the left of the duck.").relations == (("fox", "left_of", "duck"),)


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("an orange cat wearing a hat runs", ("orange", "wearing", "hat")),
        ("一只戴着红帽子的狗在跑步", ("戴", "红帽子")),
        ("a cat runs on the beach at night", ()),
        ("a dog ducks under a table", ("under", "table")),
    ],
)
def test_words_that_mean_nothing_are_reported(lexicon: Lexicon, text: str, unknown: tuple[str, ...]) -> None:
    if "ducks" not in text:
        assert lexicon.read(text).unknown == unknown
    else:
        assert "table" in lexicon.read(text).unknown and lexicon.read(text).mentioned == ("dog",)


def test_near_words_are_marked(lexicon: Lexicon) -> None:
    wolf, animal = (lexicon.read(f"a {word} runs").matches[0].entry for word in ("wolf", "animal"))
    assert (wolf.kind, wolf.value, wolf.exact) == (Kind.CHARACTER, "dog", False)
    assert (animal.kind, animal.exact) == (Kind.HYPERNYM, False)


@pytest.mark.parametrize(
    ("kind", "action", "heading"),
    [
        (Kind.HEADING, Action.ENTER, L),
        (Kind.HEADING, Action.LEAVE, L),
        (Kind.HEADING, Action.WALK, L),
        (Kind.ORIGIN, Action.ENTER, R),
        (Kind.ORIGIN, Action.LEAVE, L),
        (Kind.ORIGIN, Action.WALK, R),
        (Kind.SIDE, Action.ENTER, R),
        (Kind.SIDE, Action.LEAVE, L),
        (Kind.SIDE, Action.WALK, N),
        (Kind.HEADING, Action.JUMP, N),
    ],
)
def test_truth_table_of_the_left_side(kind: Kind, action: Action, heading: Direction) -> None:
    assert heading_of(kind, action, L) is heading


def test_a_text_without_the_world_is_empty(lexicon: Lexicon) -> None:
    reading = lexicon.read("abstract painting")
    assert reading.is_empty and reading.unknown == ("abstract", "painting")
