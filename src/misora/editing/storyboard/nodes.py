"""YAML (and so JSON) as nodes that know their line, and the errors that name it.

PyYAML builds the tree; scalars are read here, by what the field wants, so that ``0:30`` is a time and ``no`` a word.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

import yaml

from misora.base.errors import InputError

T = TypeVar("T")
MAX_CHARACTERS = 1 << 20


@dataclass(slots=True)
class Places:
    """Lines of a file by the path of what stands there (``cards[2].at``)."""

    name: str
    lines: dict[str, int] = field(default_factory=dict)

    def note(self, path: str, node: yaml.Node) -> None:
        self.lines[path] = node.start_mark.line + 1

    def error(self, message: str, path: str, line: int | None = None) -> InputError:
        """``message`` with the file and line; a path without a line of its own takes that of what holds it."""
        place = line or self.lines.get(path) or self.lines.get(path.rpartition(".")[0]) or 1
        return InputError(f"{self.name} line {place}: {message}", field=path or None)


def parse_nodes(text: str, places: Places) -> yaml.MappingNode:
    """The file's top as a mapping.

    Raises:
        InputError: The text is too long, is not YAML, or is not made of names and values.
    """
    if len(text) > MAX_CHARACTERS:
        raise places.error(f"the file has {len(text)} characters; a storyboard has at most {MAX_CHARACTERS}", "")
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise places.error(f"not YAML: {error.problem or error.context}", "", mark.line + 1 if mark else None) from error
    except yaml.YAMLError as error:
        raise places.error(f"not YAML: {' '.join(str(error).split())}", "") from error
    except RecursionError as error:
        raise places.error("not a storyboard: it is nested too deeply", "") from error
    if not isinstance(root, yaml.MappingNode):
        raise places.error("not a storyboard: it is no list of names and values, such as 'cards:'", "")
    return root


class Entries:
    """A mapping's entries, each taken once by the reader that its field wants; whatever is left over is unknown."""

    def __init__(self, node: yaml.Node, path: str, places: Places) -> None:
        self.path = path
        self.places = places
        self.nodes: dict[str, yaml.Node] = {}
        if not isinstance(node, yaml.MappingNode):
            raise places.error(f"{path or 'the file'} is no list of names and values", path, node.start_mark.line + 1)
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            if name in self.nodes:
                raise places.error(f"{self.at(name)} is there twice", self.at(name), key.start_mark.line + 1)
            self.nodes[name] = value
            places.note(self.at(name), key)

    def at(self, name: str) -> str:
        """The path of an entry."""
        return f"{self.path}.{name}" if self.path else name

    def allow_only(self, known: Iterable[str]) -> None:
        """Raises InputError for the first name that is not ``known``, with the nearest that is."""
        known = list(known)
        for name in self.nodes:
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                hint = f"; did you mean {near[0]}?" if near else f"; choose from {', '.join(known)}"
                raise self.places.error(f"{self.at(name)} is not known{hint}", self.at(name))

    def text(self, name: str) -> str | None:
        """A scalar as it is written; None when the entry is missing or empty."""
        node = self.nodes.get(name)
        if node is None or (isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null")):
            return None
        if not isinstance(node, yaml.ScalarNode):
            raise self.places.error(f"{self.at(name)} is a list or a mapping; one value is wanted", self.at(name))
        return str(node.value)

    def read(self, name: str, reader: Callable[[str], T], what: str) -> T | None:
        """A scalar through ``reader``; what it cannot read is an error that says ``what`` is wanted."""
        text = self.text(name)
        if text is None:
            return None
        try:
            return reader(text)
        except InputError as error:
            raise self.places.error(str(error), self.at(name)) from error
        except ValueError as error:
            raise self.places.error(f"{self.at(name)}={text!r} is not {what}", self.at(name)) from error

    def texts(self, name: str) -> dict[str, str]:
        """A mapping of names to texts; empty when missing."""
        if self.text_is_missing(name):
            return {}
        inner = Entries(self.nodes[name], self.at(name), self.places)
        return {key: inner.text(key) or "" for key in inner.nodes}

    def items(self, name: str) -> list[yaml.Node]:
        """A list's nodes; empty when missing."""
        if self.text_is_missing(name):
            return []
        node = self.nodes[name]
        if not isinstance(node, yaml.SequenceNode):
            raise self.places.error(f"{self.at(name)} is not a list; begin each entry with '- '", self.at(name))
        return list(node.value)

    def text_is_missing(self, name: str) -> bool:
        node = self.nodes.get(name)
        return node is None or (isinstance(node, yaml.ScalarNode) and node.value in ("", "null", "~"))
