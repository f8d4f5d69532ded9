"""The directions of a strategy text: where each statement begins and which of the four rules it gives.

A header is a verb with *when*, *if*, *once* or a colon (*buy when*, *go short if*, *exit:*); at the start of a statement the plain verbs (*buy*, *sell*,
*short*, *cover*) do without. A statement ends at a semicolon, at a full stop or new line before the next header, or right at that
header. A new line before anything else is only a space.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias

from workbench.errors import RuleSyntaxError
from workbench.strategy.rules.phrase_table import NOISE
from workbench.strategy.rules.phrases import Rewrite

if TYPE_CHECKING:
    from workbench.strategy.rules.tokens import Word

Direction: TypeAlias = Literal["entry_long", "exit_long", "entry_short", "exit_short"]
DIRECTIONS: tuple[Direction, ...] = ("entry_long", "exit_long", "entry_short", "exit_short")
WORDS_OF = MappingProxyType({"entry_long": "buy when", "exit_long": "sell when", "entry_short": "short when", "exit_short": "cover when"})
"""How canonical text introduces each direction."""

_VERBS: dict[str, Direction | Literal["exit"]] = {
    **dict.fromkeys(
        ("buy", "long", "go long", "enter long", "open long", "buy to open", "long entry", "entry long", "entry_long"), "entry_long"
    ),
    **dict.fromkeys(("enter", "entry"), "entry_long"),
    **dict.fromkeys(("sell", "exit long", "close long", "sell to close", "long exit", "exit_long"), "exit_long"),
    **dict.fromkeys(
        ("short", "go short", "enter short", "open short", "sell short", "sell to open", "short entry", "entry short", "entry_short"),
        "entry_short",
    ),
    **dict.fromkeys(("cover", "buy to cover", "exit short", "close short", "buy to close", "short exit", "exit_short"), "exit_short"),
    **dict.fromkeys(("exit", "close", "close position", "exit position", "exit trade", "get out", "go flat", "flatten"), "exit"),
}
_PLAIN = frozenset({"buy", "sell", "short", "cover", "go long", "go short", "sell short", "buy to cover"})
_CERTAIN = frozenset({"buy", "sell", "short", "cover"})
_CONNECTIVES = ("when", "if", "once", "whenever", ":")
_JOINERS = frozenset({"and", "or", ",", "&", "&&", "."})
_ENDINGS = frozenset({",", "."})
_LONGEST_VERB = 3
_VERB_DOUBT = 0.02


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement: its direction (None where it names none), its words without the header, and where it ends."""

    direction: Direction | None
    words: list[Word]
    end: int
    rewrites: tuple[Rewrite, ...] = ()


@dataclass(frozen=True, slots=True)
class _Header:
    said: list[Word]
    meaning: Direction | Literal["exit"] | None


def split(words: list[Word], text: str) -> list[Statement]:
    """Return the statements of a text, in order; *exit when* gives one for each side that is entered.

    Raises:
        RuleSyntaxError: a header without a condition.
    """
    parts = _parts([word for word in words if word.value not in NOISE])
    entered = {header.meaning for header, _ in parts if header is not None}
    found: list[Statement] = []
    for header, body in parts:
        if not body:
            if header is None:
                continue
            span = (header.said[0].span[0], header.said[-1].span[1])
            raise RuleSyntaxError(text, span, f"{text[span[0] : span[1]]!r} has no condition", "say when, for example rsi(2) < 10")
        found += [_statement(header, body, direction) for direction in _directions(header, entered)]
    if not found:
        raise RuleSyntaxError(text, (0, len(text)), "there is no rule in this text", "write for example: buy when rsi(2) < 10")
    return found


def _parts(words: list[Word]) -> list[tuple[_Header | None, list[Word]]]:
    parts: list[tuple[_Header | None, list[Word]]] = []
    body: list[Word] = []
    header: _Header | None = None
    place, fresh = 0, True
    while place < len(words):
        found = _header(words, place, fresh=fresh)
        if found is not None:
            parts.append((header, _trimmed(body, _JOINERS)))
            header, body, place, fresh = found, [], place + len(found.said), False
            continue
        word = words[place]
        place += 1
        fresh = word.type == "BREAK" or word.value == "."
        if word.value == ";":
            parts.append((header, _trimmed(body, _ENDINGS)))
            header, body = None, []
        elif word.type != "BREAK":
            body.append(word)
    parts.append((header, _trimmed(body, _ENDINGS)))
    return parts


def _header(words: list[Word], place: int, *, fresh: bool) -> _Header | None:
    for size in range(_LONGEST_VERB, 0, -1):
        said = words[place : place + size]
        verb = " ".join(word.value for word in said)
        if verb not in _VERBS or len(said) < size:
            continue
        after = words[place + size] if place + size < len(words) else None
        if after is not None and after.value in _CONNECTIVES:
            return _Header([*said, after], _VERBS[verb])
        if fresh and verb in _PLAIN and not (after is not None and after.value == "." and verb == "short"):
            return _Header(said, _VERBS[verb])
    return None


def _trimmed(body: list[Word], endings: frozenset[str]) -> list[Word]:
    """Drop what joins a statement to the next one: *and*, a comma, a full stop; at the very end only the last two."""
    end = len(body)
    while end and body[end - 1].value in endings:
        end -= 1
    return body[:end]


def _directions(header: _Header | None, entered: set[Direction | Literal["exit"] | None]) -> list[Direction | None]:
    if header is None:
        return [None]
    if header.meaning != "exit":
        return [header.meaning]
    sides: list[Direction | None] = []
    if "entry_long" in entered or "entry_short" not in entered:
        sides.append("exit_long")
    if "entry_short" in entered:
        sides.append("exit_short")
    return sides


def _statement(header: _Header | None, body: list[Word], direction: Direction | None) -> Statement:
    statement = Statement(direction=direction, words=body, end=body[-1].span[1])
    if header is None or direction is None:
        return statement
    said = " ".join(word.value for word in header.said)
    if header.said[-1].value in _CONNECTIVES and header.said[0].value in _CERTAIN and len(header.said) == 2:  # noqa: PLR2004 - verb and when
        return statement
    span = (header.said[0].span[0], header.said[-1].span[1])
    return replace(statement, rewrites=(Rewrite(span=span, said=said, meant=WORDS_OF[direction], doubt=_VERB_DOUBT),))
