"""From rule trees to a register program.

1. Each node becomes an instruction; equal instructions share a register, over all rules of a strategy, so nothing is computed twice.
2. Kinds are checked: arithmetic and indicators take numbers, logic takes booleans. Indicators get all their inputs and parameters written
   out, so ``rsi(14)`` and ``rsi(close, 14)`` are the same register.
3. Compound nodes become simple ones: ``crosses above`` is ``a > b`` now and ``a <= b`` a bar ago, and the older comparison is the delayed
   boolean, so that a sweep can share it; ``between`` is two comparisons.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from workbench.errors import InputError, RuleSyntaxError, UnknownNameError
from workbench.strategy.indicators.step import find
from workbench.strategy.ops import BOOLEAN_OPS, Kind, Op
from workbench.strategy.program import DIRECTIONS, Instruction, Program
from workbench.strategy.rules import tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from workbench.strategy.indicators.step import Indicator

_BINARY = {
    "+": Op.ADD,
    "-": Op.SUBTRACT,
    "*": Op.MULTIPLY,
    "/": Op.DIVIDE,
    "min": Op.MINIMUM,
    "max": Op.MAXIMUM,
    "<": Op.LESS,
    "<=": Op.LESS_EQUAL,
    ">": Op.GREATER,
    ">=": Op.GREATER_EQUAL,
    "==": Op.EQUAL,
    "!=": Op.NOT_EQUAL,
    "and": Op.AND,
    "or": Op.OR,
}
_UNARY = {"-": Op.NEGATE, "abs": Op.ABSOLUTE, "not": Op.NOT}


def compile_rules(
    rules: Mapping[str, tree.Node],
    parameters: Mapping[str, Any] | Iterable[str] = (),
    extra: Mapping[str, tree.Node] | None = None,
    *,
    texts: Mapping[str, str] | None = None,
) -> Program:
    """Return the program of a strategy's ``rules`` by direction and of ``extra`` numeric outputs such as ``"atr"``.

    ``parameters`` are the names that ``$names`` may use (a mapping's values are not looked at). With ``texts``, the rule texts by
    direction, errors point at the character.

    Raises:
        RuleSyntaxError: with ``texts``: what the others say, with the place.
        UnknownNameError: an indicator, output or parameter that does not exist, or no direction.
        InputError: kinds that do not fit, or wrong arguments of an indicator.
    """
    names = tuple(sorted(parameters))
    builder = _Builder(names)
    outputs: dict[str, int] = {}
    for name, node in sorted({**rules, **(extra or {})}.items()):
        if name in rules and name not in DIRECTIONS:
            kind = "direction"
            raise UnknownNameError(kind, name, DIRECTIONS)
        wanted: Kind = "boolean" if name in rules else "number"
        try:
            outputs[name] = builder.typed(node, wanted, f"the rule {name}" if name in rules else f"the output {name}")
        except _PlacedError as error:
            raise _explained(error, (texts or {}).get(name)) from error.reason
    return Program(*_in_reading_order(builder.instructions, outputs), names)


def _in_reading_order(instructions: list[Instruction], outputs: dict[str, int]) -> tuple[tuple[Instruction, ...], Mapping[str, int]]:
    """Number the registers by first use, so that a program's hash does not depend on how defaults were filled in."""
    place: dict[int, int] = {}
    ordered: list[Instruction] = []

    def visit(register: int) -> int:
        if register not in place:
            entry = instructions[register]
            args = tuple([visit(arg) for arg in entry.args])
            place[register] = len(ordered)
            ordered.append(replace(entry, args=args))
        return place[register]

    renumbered = {name: visit(register) for name, register in outputs.items()}
    return tuple(ordered), MappingProxyType(renumbered)


class _PlacedError(Exception):
    """An input error and the node it belongs to."""

    def __init__(self, reason: InputError, node: tree.Node) -> None:
        self.reason = reason
        self.node = node
        super().__init__(str(reason))


def _explained(error: _PlacedError, text: str | None) -> InputError:
    if text is None or not 0 <= error.node.span[0] < error.node.span[1] <= len(text):
        return error.reason
    problem, _, suggestion = str(error.reason).partition("; ")
    return RuleSyntaxError(text, error.node.span, problem, suggestion)


class _Builder:
    """Instructions so far, and the register of each distinct one."""

    def __init__(self, parameters: tuple[str, ...]) -> None:
        self.instructions: list[Instruction] = []
        self._parameters = parameters
        self._registers: dict[Any, int] = {}

    def typed(self, node: tree.Node, wanted: Kind, what: str) -> int:
        """Return the register of ``node``, which must be of the ``wanted`` kind; ``what`` names its use in the message."""
        register = self._compile(node)
        found = self.instructions[register].kind
        if found != wanted:
            told = {"number": "a number", "boolean": "a condition"}
            hint = (
                "; compare it with something, for example > 0" if wanted == "boolean" else "; a condition is true or false, it has no size"
            )
            raise _PlacedError(InputError(f"{what} needs {told[wanted]}, this is {told[found]}{hint}"), node)
        return register

    def _emit(self, op: Op, args: tuple[int, ...] = (), payload: Any = None) -> int:  # noqa: ANN401 - what the op needs
        key = (op, args, repr(payload))
        if key not in self._registers:
            kind: Kind = "boolean" if op in BOOLEAN_OPS else "number"
            self._registers[key] = len(self.instructions)
            self.instructions.append(Instruction(op, args, payload, kind))
        return self._registers[key]

    def _compile(self, node: tree.Node) -> int:
        handler: Callable[[Any], int] = _HANDLERS[type(node)].__get__(self)
        return handler(node)

    def _number(self, node: tree.Number) -> int:
        return self._emit(Op.CONSTANT, (), float(node.value) + 0.0)  # minus zero becomes zero: it has no canonical text

    def _series(self, node: tree.Series | tree.Clock) -> int:
        return self._emit(Op.SERIES, (), node.name)

    def _param(self, node: tree.Param) -> int:
        if node.name not in self._parameters:
            kind = "parameter"
            raise _PlacedError(UnknownNameError(kind, node.name, self._parameters), node)
        return self._emit(Op.PARAMETER, (), node.name)

    def _offset(self, node: tree.Offset) -> int:
        register = self._compile(node.node)
        boolean = self.instructions[register].kind == "boolean"
        return self._emit(Op.DELAY_BOOLEAN if boolean else Op.DELAY, (register,), int(node.bars))

    def _unary(self, node: tree.Unary) -> int:
        op = _UNARY[node.op]
        return self._emit(op, (self.typed(node.node, "boolean" if op is Op.NOT else "number", f"'{node.op}'"),))

    def _binary(self, node: tree.Binary) -> int:
        op = _BINARY[node.op]
        wanted: Kind = "boolean" if op in {Op.AND, Op.OR} else "number"
        return self._pair(op, *[self.typed(side, wanted, f"'{node.op}'") for side in (node.left, node.right)])

    def _pair(self, op: Op, left: int, right: int) -> int:
        return self._emit(op, (left, right))

    def _cross(self, node: tree.Cross) -> int:
        left, right = (self.typed(side, "number", f"'crosses {node.direction}'") for side in (node.left, node.right))
        now, before = (Op.GREATER, Op.LESS_EQUAL) if node.direction == "above" else (Op.LESS, Op.GREATER_EQUAL)
        earlier = self._emit(Op.DELAY_BOOLEAN, (self._emit(before, (left, right)),), 1)
        return self._emit(Op.AND, (self._emit(now, (left, right)), earlier))

    def _between(self, node: tree.Between) -> int:
        middle, low, high = (self.typed(side, "number", "'between'") for side in (node.node, node.low, node.high))
        return self._emit(Op.AND, (self._emit(Op.GREATER_EQUAL, (middle, low)), self._emit(Op.LESS_EQUAL, (middle, high))))

    def _higher(self, node: tree.Higher) -> int:
        message = f"values of longer bars ('on {node.timeframe}') are read but not traded yet; run the strategy on {node.timeframe} bars"
        raise _PlacedError(InputError(message), node)

    def _rank(self, node: tree.Rank) -> int:
        message = "rank() is read but not traded yet; give bench.basket a priority and slots, or bench.rebalance the weights"
        raise _PlacedError(InputError(message), node)

    def _trend(self, node: tree.Trend) -> int:
        op = Op.RISING if node.direction == "rising" else Op.FALLING
        return self._emit(op, (self.typed(node.node, "number", f"'{node.direction}'"),), int(node.bars))

    def _lately(self, node: tree.Lately) -> int:
        """Join what held with what held earlier, each time reaching as far back as is covered: log2 of the bars many instructions."""
        register = self.typed(node.node, "boolean", "'within'" if node.how == "once" else "'for'")
        covered = 1
        while covered < node.bars:
            back = min(covered, node.bars - covered)
            earlier = self._emit(Op.DELAY_BOOLEAN, (register,), back)
            register = self._emit(Op.OR if node.how == "once" else Op.AND, (register, earlier))
            covered += back
        return register

    def _call(self, node: tree.Call) -> int:
        try:
            entry = find(node.name)
            index = entry.output(node.output)
        except InputError as error:
            raise _PlacedError(error, node) from error
        args = [self.typed(arg, "number", entry.name) for arg in node.args]
        inputs, params = self._split(entry, node, args)
        step = self._emit(Op.STEP, (*inputs, *params), (entry.name, entry.code_hash, len(entry.outputs), 0))
        if index == 0:
            return step
        return self._emit(Op.OUTPUT, (step,), (entry.name, entry.code_hash, len(entry.outputs), index))

    def _split(self, entry: Indicator, node: tree.Call, args: list[int]) -> tuple[list[int], list[int]]:
        """Return input and parameter registers of a call, all written out."""
        count = len(entry.inputs)
        own = any(not self._is_fixed(arg) for arg in args[:count]) or len(args) > len(entry.parameters)
        inputs = args[:count] if own else [self._emit(Op.SERIES, (), name) for name in entry.inputs]
        given = args[count:] if own else args
        if own and entry.function is not None:
            message = f"{entry.name} is a function of the bars themselves; give it its numbers only"
            raise _PlacedError(InputError(message), node)
        takes = f"{entry.name} takes {', '.join((*entry.inputs, *(parameter.name for parameter in entry.parameters)))}"
        if len(inputs) < count or len(given) > len(entry.parameters):
            message = f"{takes}; not {len(args)} arguments"
            raise _PlacedError(InputError(message), node)
        for arg, place in zip(given, node.args[len(args) - len(given) :], strict=True):
            if not self._is_fixed(arg):
                message = f"{takes}; a parameter must be a number or a $parameter, it cannot change from bar to bar"
                raise _PlacedError(InputError(message), place)
        rest = [self._emit(Op.CONSTANT, (), float(parameter.default)) for parameter in entry.parameters[len(given) :]]
        self._check_constants(entry, node, given)
        return inputs, [*given, *rest]

    def _check_constants(self, entry: Indicator, node: tree.Call, given: list[int]) -> None:
        for parameter, register in zip(entry.parameters, given, strict=False):
            if self.instructions[register].op is Op.CONSTANT:
                try:
                    parameter.checked(self.instructions[register].payload, entry.name)
                except InputError as error:
                    raise _PlacedError(error, node) from error

    def _is_fixed(self, register: int) -> bool:
        entry = self.instructions[register]
        if entry.op in {Op.CONSTANT, Op.PARAMETER}:
            return True
        return entry.op >= Op.NEGATE and all(self._is_fixed(arg) for arg in entry.args)


_HANDLERS: dict[type, Any] = {
    tree.Number: _Builder._number,  # noqa: SLF001 - the table of this class
    tree.Series: _Builder._series,  # noqa: SLF001
    tree.Clock: _Builder._series,  # noqa: SLF001
    tree.Param: _Builder._param,  # noqa: SLF001
    tree.Call: _Builder._call,  # noqa: SLF001
    tree.Offset: _Builder._offset,  # noqa: SLF001
    tree.Unary: _Builder._unary,  # noqa: SLF001
    tree.Binary: _Builder._binary,  # noqa: SLF001
    tree.Cross: _Builder._cross,  # noqa: SLF001
    tree.Between: _Builder._between,  # noqa: SLF001
    tree.Trend: _Builder._trend,  # noqa: SLF001
    tree.Lately: _Builder._lately,  # noqa: SLF001
    tree.Higher: _Builder._higher,  # noqa: SLF001
    tree.Rank: _Builder._rank,  # noqa: SLF001
}
