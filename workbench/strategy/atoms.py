"""The comparisons that the outputs of a program come down to, each distinct one once, and the code that puts the outputs together again.

An atom is one row of bits per distinct content: a comparison, a trend, or whether numbers are known. Two laws save most of the work:

1. A comparison of two numbers of the same moment ago is the comparison of now, that long ago: ``a[1] <= b[1]`` is ``(a <= b)[1]``, also on the first
   bars, where a delayed number is NaN and a delayed boolean False. So no column of delayed numbers is made.
2. ``a <= b`` is ``not a > b`` wherever both numbers are known. Where both are asked for, as in every crossing, only one is compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.strategy.ops import COMPARISONS, POINTWISE, Op
from workbench.strategy.signals import DIRECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.strategy.program import Program

_LOGIC = frozenset({Op.NOT, Op.AND, Op.OR, Op.DELAY_BOOLEAN})
_MIRRORED = {Op.LESS: Op.GREATER, Op.GREATER: Op.LESS, Op.LESS_EQUAL: Op.GREATER_EQUAL, Op.GREATER_EQUAL: Op.LESS_EQUAL}
_OPPOSITE = {Op.LESS_EQUAL: Op.GREATER, Op.GREATER_EQUAL: Op.LESS, Op.NOT_EQUAL: Op.EQUAL}


@dataclass(frozen=True, slots=True)
class Atom:
    """Something that is true or false of a bar, computed from numbers."""

    op: Op
    """A comparison; ``RISING`` or ``FALLING``; ``CONSTANT`` for what parameters alone decide."""
    left: int
    """Register of the first number, or of the value that parameters decide."""
    right: int = -1
    """Register of the second number; ``left`` again, with ``EQUAL``, asks whether the number is known (not NaN)."""
    bars: int = 0
    """How long a trend lasts."""

    @property
    def knowing(self) -> bool:
        """Whether it asks that a number is not NaN."""
        return self.op is Op.EQUAL and self.left == self.right


class Formulas:
    """The atoms that the boolean outputs of a program need, and how each output is made of them."""

    def __init__(self, program: Program) -> None:
        """Read the program."""
        self._program = program
        self.outputs = {name: register for name, register in program.outputs.items() if name in DIRECTIONS}
        asked = {atom for register in self.outputs.values() for atom in self._asked(register)}
        self._derived = {atom for atom in asked if Atom(_OPPOSITE.get(atom.op, atom.op), atom.left, atom.right) in asked - {atom}}
        self.code = {name: self._code(register) for name, register in self.outputs.items()}
        """Per output its code for ``words.combine_rows`` and the atoms that the code's negative operands name."""
        self.atoms = tuple(dict.fromkeys(atom for _, atoms in self.code.values() for atom in atoms))
        """All distinct atoms."""

    def needed(self) -> set[int]:
        """Return the registers of numbers that must be computed: what atoms and numeric outputs read, and what those read."""
        program = self._program
        left = [register for atom in self.atoms for register in (atom.left, atom.right) if register >= 0]
        left += [register for name, register in program.outputs.items() if name not in self.outputs]
        found: set[int] = set()
        while left:
            register = left.pop()
            if register not in found and program.instructions[register].kind == "number":
                found.add(register)
                left += program.instructions[register].args
        return found

    def _asked(self, register: int) -> Iterable[Atom]:
        entry = self._program.instructions[register]
        if entry.op in _LOGIC and not self._program.fixed[register]:
            for arg in entry.args:
                yield from self._asked(arg)
        else:
            yield self._atom(register)[0]

    def _atom(self, register: int) -> tuple[Atom, int]:
        """Return the atom of a register that is no logic, and how many bars ago it is asked about."""
        program, entry = self._program, self._program.instructions[register]
        if program.fixed[register]:
            return Atom(Op.CONSTANT, register), 0
        if entry.op not in COMPARISONS:
            return Atom(entry.op, entry.args[0], bars=entry.payload), 0
        (left, ago), (right, before) = (self._undelayed(arg) for arg in entry.args)
        bars = before if program.fixed[left] else ago
        if not program.fixed[left] and not program.fixed[right] and ago != before:
            left, right, bars = *entry.args, 0
        if left > right:
            return Atom(_MIRRORED.get(entry.op, entry.op), right, left), bars
        return Atom(entry.op, left, right), bars

    def _undelayed(self, register: int) -> tuple[int, int]:
        bars = 0
        while (entry := self._program.instructions[register]).op is Op.DELAY and not self._program.fixed[register]:
            register, bars = entry.args[0], bars + entry.payload
        return register, bars

    def _code(self, output: int) -> tuple[list[list[int]], list[Atom]]:
        """Return rows (op, left, right); an operand that is not negative is the result of a row, ``-1 - k`` is atom ``k``."""
        atoms: dict[Atom, int] = {}
        code: list[list[int]] = []
        where: dict[object, int] = {}

        def row(op: Op, left: int, right: int) -> int:
            if (op, left, right) not in where:
                code.append([int(op), left, right])
                where[op, left, right] = len(code) - 1
            return where[op, left, right]

        def known(atom: Atom) -> int:
            return -1 - atoms.setdefault(atom, len(atoms))

        def compared(atom: Atom) -> int:
            if atom not in self._derived:
                return known(atom)
            other = row(Op.NOT, known(Atom(_OPPOSITE[atom.op], atom.left, atom.right)), 0)
            for register in (atom.left, atom.right):
                other = row(Op.AND, other, known(Atom(Op.EQUAL, register, register)))
            return other

        def located(register: int) -> int:
            entry = self._program.instructions[register]
            if entry.op not in _LOGIC or self._program.fixed[register]:
                atom, bars = self._atom(register)
                place = compared(atom)
                return row(Op.DELAY_BOOLEAN, place, bars) if bars else place
            left = located(entry.args[0])
            return row(entry.op, left, located(entry.args[-1]) if entry.op in POINTWISE else int(entry.payload))

        result = located(output)
        if code and result != len(code) - 1:  # the last row is the output
            code.append([int(Op.OR), result, result])
        return code, list(atoms)
