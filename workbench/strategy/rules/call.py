"""Calls in rules: which indicator, which of its outputs, which series go in, and every parameter filled in.

The result is canonical: all parameters are written out, input series only where they differ from the indicator's own. That is why two ways
of saying the same give the same tree, and the same program.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workbench.errors import InputError, UnknownNameError, nearest
from workbench.strategy.rules import tree as t
from workbench.strategy.rules.text import write
from workbench.strategy.rules.vocabulary import ARGUMENT_ALIASES, PAST, RANKS, find_indicator

if TYPE_CHECKING:
    from typing import Literal

    from lark import Token

    from workbench.strategy.indicators.step import Indicator, Parameter
    from workbench.strategy.rules.build import Builder
    from workbench.strategy.rules.vocabulary import Names

_PAIR = 2
_SHORT_OUTPUT = 4
_FRAMES = ("timeframe", "tf", "resolution", "interval")


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """What stands between the parentheses of a call."""

    positional: list[t.Node] = field(default_factory=list)
    named: dict[str, t.Node] = field(default_factory=dict)
    keys: dict[str, t.Span] = field(default_factory=dict)
    """Where each name stands."""


def indicator(build: Builder, name: str, given: Arguments | None, output: Token | None, span: t.Span) -> t.Node:
    """Return the canonical call of the registered indicator ``name``.

    Raises:
        RuleSyntaxError: arguments or an output that it does not have.
    """
    entry = find_indicator(name)
    arguments = given or Arguments()
    series, numbers = _sorted_arguments(build, entry, arguments)
    values = _parameters(build, entry, numbers, arguments, span)
    inputs = _inputs(build, entry, series, span)
    node = t.Call(name, (*inputs, *values), _output(build, entry, output, span), span=span)
    if len(numbers) + len(arguments.named) < len(entry.parameters):
        shown = ", ".join(write(value) for value in values)
        build.note(span, f"{name}({shown})", 0.02)
    return node


def _sorted_arguments(build: Builder, entry: Indicator, given: Arguments) -> tuple[list[t.Node], list[t.Node]]:
    series: list[t.Node] = []
    numbers: list[t.Node] = []
    for node in given.positional:
        if _constant(node):
            numbers.append(node)
        elif numbers:
            raise build.refuse(node.span, f"the series of {entry.name} comes before its numbers", f"write {_usage(entry)}")
        else:
            series.append(node)
    if len(numbers) > len(entry.parameters):
        known = ", ".join(parameter.name for parameter in entry.parameters) or "none"
        problem = f"{entry.name} takes {_count(len(entry.parameters), 'number')} ({known}), not {len(numbers)}"
        raise build.refuse(numbers[len(entry.parameters)].span, problem, f"write {_usage(entry)}")
    if len(series) not in (0, len(entry.inputs)):
        wanted = f"{entry.name} reads {_count(len(entry.inputs), 'series')} ({', '.join(entry.inputs)}), not {len(series)}"
        raise build.refuse(series[-1].span, wanted, f"write {_usage(entry)}")
    return series, numbers


def _parameters(build: Builder, entry: Indicator, numbers: list[t.Node], given: Arguments, span: t.Span) -> list[t.Node]:
    names = [parameter.name for parameter in entry.parameters]
    named = dict(zip(names, numbers, strict=False))
    for key, node in given.named.items():
        name = key if key in names else ARGUMENT_ALIASES.get(key, key)
        if name not in names:
            found = nearest(name, names)
            hint = f"did you mean {found[0]}?" if found else f"it has {', '.join(names) or 'none'}"
            hint = f"it stands behind: {entry.name} on 1h" if key in _FRAMES else hint
            raise build.refuse(given.keys[key], f"{entry.name} has no argument {key!r}", hint)
        if name in named:
            raise build.refuse(given.keys[key], f"{name} of {entry.name} is given twice", "leave one of them out")
        named[name] = node
    return [_value(build, entry, parameter, named.get(parameter.name), span) for parameter in entry.parameters]


def _value(build: Builder, entry: Indicator, parameter: Parameter, node: t.Node | None, span: t.Span) -> t.Node:
    if node is None:
        return t.Number(float(parameter.default), span=span)
    if not isinstance(node, t.Number):
        if _constant(node):
            return node
        problem = f"{parameter.name} of {entry.name} must be a number or a $parameter"
        raise build.refuse(node.span, problem, f"write {_usage(entry)}")
    try:
        return t.Number(parameter.checked(node.value, entry.name), span=node.span)
    except InputError as error:
        raise build.refuse(node.span, str(error), f"write for example {_usage(entry)}") from None


def _inputs(build: Builder, entry: Indicator, series: list[t.Node], span: t.Span) -> list[t.Node]:
    if [node for node in series if not isinstance(node, t.Series)]:
        return series
    names = tuple(node.name for node in series if isinstance(node, t.Series))
    if names and names == entry.inputs:
        build.note(span, f"{entry.name} of its usual series", 0.0)
        return []
    return series


def _output(build: Builder, entry: Indicator, output: Token | None, span: t.Span) -> str | None:
    if output is None:
        place, name = span, None
    else:
        place, name = (output.start_pos or 0, output.end_pos or 0), str(output)
    try:
        index = entry.output(name)
    except UnknownNameError as error:
        hint = f"did you mean {error.suggestions[0]}?" if error.suggestions else f"it has {', '.join(entry.outputs)}"
        raise build.refuse(place, f"{entry.name} has no output {name!r}", hint) from None
    except InputError as error:
        if name is None:
            usage = " or ".join(f"{entry.name}.{known}" for known in entry.outputs)
            raise build.refuse(span, f"{entry.name} has several outputs and none was chosen", f"write {usage}") from None
        problem, _, hint = str(error).partition("; ")
        raise build.refuse(place, problem, hint) from None
    if name is not None and name != entry.outputs[index]:
        build.note(place, entry.outputs[index], 0.01)
    return entry.outputs[index] if len(entry.outputs) > 1 else None


def output_of(name: str, names: Names) -> tuple[str, str] | None:
    """Return the indicator and output that a joined name such as ``macd_signal`` or ``bb_upper`` says, None where it says none."""
    first, _, last = name.rpartition("_")
    for left, right in ((first, last), (last, first)):
        known = names.spelled(left)
        if left and right and known in names.indicators:
            entry = find_indicator(known)
            if right in entry.outputs or right in entry.output_aliases:
                return known, right
    owners = [known for known in names.indicators if name in find_indicator(known).outputs]
    return (owners[0], name) if len(owners) == 1 and len(name) > _SHORT_OUTPUT else None


def function(build: Builder, name: str, given: Arguments | None, span: t.Span) -> t.Node:
    """Return the meaning of one of the functions that are no indicators: abs, min, max, rank, lag, rising, crosses_above ...

    Raises:
        RuleSyntaxError: arguments that it does not take.
    """
    arguments = list(given.positional) if given else []
    if given and given.named:
        raise build.refuse(span, f"{name} takes plain arguments, not named ones", f"write {_USAGE[name]}")
    count = 1 if name == "abs" or name in RANKS else _PAIR
    if len(arguments) != count and not (name in ("min", "max") and len(arguments) > count):
        raise build.refuse(span, f"{name} takes {_count(count, 'argument')}", f"write {_USAGE[name]}")
    if name == "abs":
        return t.Unary("abs", arguments[0], span=span)
    if name in RANKS:
        return _rank(build, name, arguments[0], span)
    if name in ("min", "max"):
        node = arguments[0]
        for other in arguments[1:]:
            node = t.Binary(name, node, other, span=span)
        return node
    left, right = arguments
    if name in PAST:
        return _past(build, name, left, right, span)
    if name in ("crosses_above", "crosses_below"):
        build.note(span, f"... {name.replace('_', ' ')} ...", 0.0)
        return t.Cross("above" if name == "crosses_above" else "below", left, right, span=span)
    build.note(span, f"... {name} n", 0.0)
    return t.Trend("rising" if name == "rising" else "falling", left, _bars(build, name, right), span=span)


def _rank(build: Builder, name: str, node: t.Node, span: t.Span) -> t.Node:
    if _constant(node):
        raise build.refuse(node.span, "this number is the same for every symbol", f"write {_USAGE[name]}")
    order: Literal["top", "bottom"] = "bottom" if name.startswith("bottom") else "top"
    return build.made(span, lambda: t.Rank(node, order, "share" if name.endswith("share") else "place", span=span))


def _past(build: Builder, name: str, node: t.Node, back: t.Node, span: t.Span) -> t.Node:
    if isinstance(back, t.Number) and back.value < 0:
        raise build.future(back.span, f"{name}({write(node)}, {-back.value:g})")
    bars = build.whole(back, back.span, "an offset")
    build.note(span, f"{write(node)}[{bars}]", 0.01)
    return t.Offset(node, bars, span=span) if bars else node


def _bars(build: Builder, name: str, node: t.Node) -> int:
    if not isinstance(node, t.Number) or not node.value.is_integer() or not 1 <= node.value <= t.MAX_BARS_BACK:
        raise build.refuse(node.span, f"{name} needs a whole number of bars, 1 to {t.MAX_BARS_BACK}", f"write {_USAGE[name]}")
    return int(node.value)


def _constant(node: t.Node) -> bool:
    """Whether a node is known once the parameters are: numbers, ``$parameters`` and arithmetic of them."""
    return not any(isinstance(part, t.Series | t.Clock | t.Call | t.Offset | t.Rank) for part in t.walk(node))


def _usage(entry: Indicator) -> str:
    numbers = ", ".join(f"{parameter.default:g}" for parameter in entry.parameters)
    return f"{entry.name}({numbers})" + (f" or {entry.name}({entry.inputs[0]}, {numbers})" if len(entry.inputs) == 1 else "")


def _count(number: int, what: str) -> str:
    return f"{'no' if number == 0 else number} {what}{'' if number == 1 or what == 'series' else 's'}"


_USAGE = {
    **dict.fromkeys(PAST, "close[1] for the close of the bar before"),
    "abs": "abs(close - open)",
    "bottom_rank": "bottom_rank(roc(90)) <= 10",
    "bottom_rank_share": "bottom_rank_share(roc(90)) <= 20%",
    "crosses_above": "close crosses above sma(50)",
    "crosses_below": "close crosses below sma(50)",
    "falling": "close falling 3",
    "max": "max(open, close)",
    "min": "min(open, close)",
    "rank": "rank(roc(90)) <= 10",
    "rank_share": "rank_share(roc(90)) <= 20%",
    "rising": "close rising 3",
}
