"""Form fields with brackets in their names to a tree: ``video[id]=a``, ``tags[]=a``, ``keyframes[][seconds]=2``.

The way in which the official clients flatten an object into a form, undone. Values stay what they are: text, or an uploaded file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from misora.base.errors import InputError

NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
MAX_DEPTH = 6


def to_tree(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The object that ``pairs`` of field name and value spell.

    ``a[]`` appends to a list. ``a[][b]`` sets ``b`` in the last object of the list, or begins a new one when that has a ``b`` already.

    Raises:
        InputError: A name is malformed or deeper than ``MAX_DEPTH``, or is a value here and an object there.
    """
    tree: dict[str, Any] = {}
    for name, value in pairs:
        place(tree, path_of(name), value, name)
    return tree


def path_of(name: str) -> list[str]:
    """``"a[][b]"`` to ``["a", "", "b"]``; an empty step is the list."""
    found = NAME.fullmatch(name)
    if found is None:
        raise InputError(f"the form field {name[:80]!r} is malformed; write name, name[key] or name[]", field=name[:80])
    path = [found[1], *re.findall(r"\[([^\[\]]*)\]", found[2])]
    if len(path) > MAX_DEPTH:
        raise InputError(f"the form field {name[:80]!r} is {len(path)} levels deep; at most {MAX_DEPTH} are read", field=found[1][:80])
    return path


def place(node: dict[str, Any], path: list[str], value: Any, name: str) -> None:
    """Puts ``value`` at ``path`` below ``node``."""
    key, *rest = path
    if not rest:
        if key in node:
            raise InputError(
                f"the form field {name[:80]!r} is given twice; give it once, or write {key[:80]}[] for a list", field=name[:80]
            )
        node[key] = value
    elif rest[0] == "":
        place_in_list(container(node, key, list, name), rest[1:], value, name)
    else:
        place(container(node, key, dict, name), rest, value, name)


def place_in_list(items: list[Any], rest: list[str], value: Any, name: str) -> None:
    """Appends ``value``, or sets it in the object that the list is building."""
    if not rest:
        items.append(value)
        return
    if rest[0] == "":
        raise InputError(f"the form field {name[:80]!r} is a list in a list, which no field takes", field=name[:80])
    if not items or not isinstance(items[-1], dict) or (len(rest) == 1 and rest[0] in items[-1]):
        items.append({})
    place(items[-1], rest, value, name)


def container(node: dict[str, Any], key: str, kind: type[Any], name: str) -> Any:
    """The list or object under ``key``, made when absent."""
    found = node.setdefault(key, kind())
    if not isinstance(found, kind):
        raise InputError(f"the form field {name[:80]!r} is a value in one place and an object or list in another", field=name[:80])
    return found
