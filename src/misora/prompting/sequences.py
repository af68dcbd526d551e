"""One thing after another: a prompt with "then", "before", 然后 or 先 ... 再 cut into clauses, in the order of time.

Works on words alone; what the clauses mean, and whether two verbs of one clause follow each other, is ``reading``'s business.
"""

from __future__ import annotations

import re

#: Words between two moments; "next to" and "later" as part of a name are no such words.
_THEN = re.compile(
    r"[\s,;.!]*\b(?:and\s+)?(?:then|after\s+(?:that|which|this)|afterwards?|subsequently|(?<=[.,;!]\s)next(?!\s+to)|finally|eventually"
    r"|later(?:\s+on)?|at\s+last|in\s+the\s+end)\b[\s,:]*"
    r"|[\s，。；、！]*(?:紧接着|然后|接着|随后|而后|其后|之后|后来|接下来|最后|最终)[\s，、：]*",
    re.IGNORECASE,
)
_BEFORE = re.compile(r"[\s,]+before\s+(?=(?:it|he|she|they|the|an?)\s+\w+|\w+ing\b)", re.IGNORECASE)
_AFTER = re.compile(
    r"^\s*after\s+(?=(?:an?|the|it|he|she|they)\s)(?P<first>[^,]+),\s*(?P<second>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_FIRST_AGAIN = re.compile(r"先(?!生|后)(?P<first>.+?)[\s，、]*再(?!次|见)(?P<second>.+)$", re.DOTALL)
_FIRST = re.compile(
    r"^\s*(?:at\s+first|first(?:ly|\s+of\s+all)?|to\s+begin\s+with|initially)\b[\s,]*|先是|首先|起先|(?<=.)先(?=[向往从停站跑走飞跳坐])|^先",
    re.IGNORECASE,
)


def clauses_of(text: str) -> list[str]:
    """``text`` in pieces that happen one after another; itself alone when nothing says so."""
    after = _AFTER.match(text)
    if after:
        return [*clauses_of(after["first"]), *clauses_of(after["second"])]
    again = _FIRST_AGAIN.search(text)
    if again:
        return [*clauses_of(text[: again.start()] + again["first"]), *clauses_of(again["second"])]
    pieces = [piece for part in _THEN.split(text) for piece in _BEFORE.split(part)]
    pieces = [piece.strip(" ,，、") for piece in pieces]
    pieces = [piece for piece in pieces if re.search(r"\w", piece)]
    if len(pieces) < 2:
        return [text]
    return [_FIRST.sub("", piece) for piece in pieces]
