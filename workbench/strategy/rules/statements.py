"""The statements of a text: what it names (*let dip = ...*), and the condition of each direction (*buy when ...*).

A header is a verb with *when*, *if*, *once* or a colon (*buy when*, *go short if*, *exit:*); at the start of a statement the plain verbs (*buy*, *sell*,
*short*, *cover*) do without. *If ... then buy* and *when ..., buy* say the same the other way round. A statement ends at a semicolon, at a full
stop or new line before the next header, or right at that header; a definition ends with its line too. A new line before anything else is only a
space.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias

from workbench.errors import RuleSyntaxError
from workbench.strategy.rules.phrases import Rewrite
from workbench.strategy.rules.vocabulary import names_now

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
_OPENERS = frozenset({"if", "when", "whenever", "once"})
"""Words that begin a statement whose verb comes last."""
_LET = frozenset({"let", "define", "set"})
_MEANS = frozenset({"=", "as", "be", ":", "is"})
_ARTICLES = frozenset({"the", "a", "an", "'s", "its", "then", "my", "any"})
"""Words between those of a header: *exit the position when*."""
_MOMENTS = frozenset({"at", "within", "on"})
_NO_MOMENT = frozenset({"close", "long", "short", "enter", "entry"})
"""*Exit at the close* needs no *when*."""
_LONGEST_VERB = 3
_VERB_DOUBT = 0.02


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement: its direction (None where it names none), its words without the header, and where it ends."""

    direction: Direction | None
    words: list[Word]
    end: int
    rewrites: tuple[Rewrite, ...] = ()
    defines: Word | None = None
    """The name or ``$parameter`` that it gives a meaning, None for a rule."""


@dataclass(frozen=True, slots=True)
class _Header:
    said: list[Word]
    meaning: Direction | Literal["exit"] | None
    defines: Word | None = None


def split(words: list[Word], text: str) -> list[Statement]:
    """Return the statements of a text, in order; *exit when* gives one for each side that is entered.

    Raises:
        RuleSyntaxError: a header without a condition.
    """
    parts = [_turned(header, body) for header, body in _parts(words)]
    entered = {header.meaning for header, _ in parts if header is not None}
    found: list[Statement] = []
    for header, body in parts:
        if not body:
            if header is None:
                continue
            span = (header.said[0].span[0], header.said[-1].span[1])
            problem = "has no meaning given" if header.defines else "has no condition"
            raise RuleSyntaxError(text, span, f"{text[span[0] : span[1]]!r} {problem}", "say when, for example rsi(2) < 10")
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
        found = _definition(words, place) if fresh else None
        found = found or _header(words, place, fresh=fresh)
        if found is not None:
            if header is not None or body:
                parts.append((header, _trimmed(body, _JOINERS)))
            header, body, place, fresh = found, [], place + len(found.said), False
            continue
        word = words[place]
        place += 1
        defined = header is not None and header.defines is not None and word.type == "BREAK" and body
        if word.value == ";" or defined or (fresh and body and word.value in _OPENERS):
            parts.append((header, _trimmed(body, _ENDINGS)))
            header, body = None, []
        if word.type != "BREAK":
            body.append(word)
        fresh = word.type == "BREAK" or word.value == "."
    parts.append((header, _trimmed(body, _ENDINGS)))
    return parts


def _definition(words: list[Word], place: int) -> _Header | None:
    """Return the header of ``let name =``, ``define name as``, ``name =`` before another statement, or ``$name = 10 ...``."""
    said = words[place]
    if said.value in _LET and said.type == "NAME" and place + 2 < len(words):
        name, sign = words[place + 1], words[place + 2]
        if name.type in ("NAME", "PARAM") and sign.value in _MEANS:
            return _Header(words[place : place + 3] if name.type == "NAME" else [said], None, name)
    if place + 2 >= len(words) or words[place + 1].type != "EQUALS":
        return None
    if said.type == "PARAM" and words[place + 2].type in ("NUMBER", "PERCENT", "MINUS") and _ends_before_another(words, place + 3, 12):
        return _Header([], None, said)
    if said.type == "NAME" and not names_now().is_value(said.value) and _ends_before_another(words, place + 3, len(words)):
        return _Header(words[place : place + 2], None, said)
    return None


def _ends_before_another(words: list[Word], place: int, most: int) -> bool:
    """Whether the statement at ``place`` ends within ``most`` words and something follows it."""
    for at in range(place, min(place + most, len(words))):
        if words[at].type == "BREAK" or _header(words, at, fresh=False) is not None:
            return any(word.type != "BREAK" for word in words[at:])
    return False


def _turned(header: _Header | None, body: list[Word]) -> tuple[_Header | None, list[Word]]:
    """Return the header and condition of *if ... then buy*, *when ..., go long*; anything else as it is."""
    if header is not None or not body or body[0].value not in _OPENERS:
        return header, body
    for size in range(_LONGEST_VERB, 0, -1):
        verb = " ".join(word.value for word in body[-size:])
        rest = body[1:-size]
        said = rest and (verb in _PLAIN or (verb in _VERBS and rest[-1].value in ("then", ",")))
        if said and len(body) > size + 1:
            return _Header([*body[-size:], body[0]], _VERBS[verb]), _trimmed(rest, frozenset({"then", ","}))
    return header, body


def _header(words: list[Word], place: int, *, fresh: bool) -> _Header | None:
    found: _Header | None = None
    verb = ""
    for at in range(place, min(place + 2 * _LONGEST_VERB, len(words))):
        word = words[at]
        if word.value in _ARTICLES:
            continue
        verb = f"{verb} {word.value}" if verb else word.value
        if not any(entry.startswith(verb) for entry in _VERBS):
            break
        after = words[at + 1] if at + 1 < len(words) else None
        if verb in _VERBS and after is not None and after.value in _CONNECTIVES:
            found = _Header(words[place : at + 2], _VERBS[verb])
        elif _stands_alone(verb, after, fresh=fresh):
            found = _Header(words[place : at + 1], _VERBS[verb])
    return found


def _stands_alone(verb: str, after: Word | None, *, fresh: bool) -> bool:
    """Whether a verb needs no *when*: *exit at the close*, or *buy* at the start of a statement."""
    if verb in _VERBS and verb not in _NO_MOMENT and after is not None and after.value in _MOMENTS:
        return True
    return fresh and verb in _PLAIN and not (after is not None and after.value == "." and verb == "short")


def _trimmed(body: list[Word], endings: frozenset[str]) -> list[Word]:
    """Drop what joins a statement to the next one: *and*, a comma, a full stop; at the very end only the last two."""
    end = len(body)
    while end and body[end - 1].value in endings:
        end -= 1
    return body[:end]


def _directions(header: _Header | None, entered: set[Direction | Literal["exit"] | None]) -> list[Direction | None]:
    if header is None or header.defines is not None:
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
    statement = Statement(direction=direction, words=body, end=body[-1].span[1], defines=header.defines if header else None)
    if header is None or direction is None:
        return statement
    said = " ".join(word.value for word in header.said if word.value not in _ARTICLES)
    if header.said[-1].value in _CONNECTIVES and header.said[0].value in _CERTAIN and len(header.said) == 2:  # noqa: PLR2004 - verb and when
        return statement
    first, last = sorted((header.said[0].span, header.said[-1].span))
    span = (first[0], last[1]) if last[1] <= body[0].span[0] else header.said[0].span
    return replace(statement, rewrites=(Rewrite(span=span, said=said, meant=WORDS_OF[direction], doubt=_VERB_DOUBT),))
