"""From a function of a notebook cell to its source: read, checked, with every function of the researcher's that it calls.

1. ``read`` takes the text through ``inspect`` (IPython keeps the text of cells) and proves that it is the text of this very function.
2. The names it reads from outside are found in its bytecode. Modules and what comes from installed libraries become imports; functions of the
   researcher are read in the same way and put before it; everything else is refused by name, because the hash could not see it change.
3. ``limits.refuse`` looks for what would get around these checks: ``eval``, files, the network, the rest of this package.

The result runs in a namespace of its own: what is tested is what is stored.
"""

from __future__ import annotations

import ast
import builtins
import dis
import inspect
import textwrap
import types
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbench.errors import InputError
from workbench.strategy.python import limits
from workbench.strategy.python.source import LONGEST, MOST_WARMUP, NO_ANNOTATIONS, PythonSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_DECORATORS = frozenset({"python_strategy", "strategy", "register_function", "model_column"})
_READS = frozenset({"LOAD_GLOBAL", "LOAD_NAME"})
_STORES = frozenset({"STORE_NAME"})
_PADDING = frozenset({"PUSH_NULL", "PRECALL", "CACHE", "NOP", "EXTENDED_ARG", "RESUME", "COPY_FREE_VARS"})
_ALIKE = {"LOAD_METHOD": "LOAD_ATTR"}
_ABSENT = object()
_CONSTANTS = (bool, int, float, str, tuple)


@dataclass
class _Found:
    """What a function needs, as far as it is known."""

    entry: str
    texts: dict[str, str] = field(default_factory=dict)
    """Source by name of each function, those that are called first."""
    functions: dict[str, types.FunctionType] = field(default_factory=dict)
    definitions: list[ast.FunctionDef] = field(default_factory=list)
    imports: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    """Names that may not be read, each with what it is."""


def read(function: Callable[..., Any], *, warmup: int) -> PythonSource:
    """Return the source of ``function``, a function of bars and parameters.

    Raises:
        InputError: no plain function; its text cannot be found or is not that of the function any more; it reads a name that is neither a library,
            a builtin, a parameter nor another such function; it does what a decision must not do.
    """
    plain = _plain(function)
    if isinstance(warmup, bool) or not isinstance(warmup, int) or not 0 <= warmup <= MOST_WARMUP:
        message = f"the warm-up of {plain.__name__} is the whole number of earlier bars it needs, 0 to {MOST_WARMUP:,}; not {warmup!r}"
        raise InputError(message)
    found = _Found(plain.__name__)
    _collect(plain, found)
    if found.refused:
        raise InputError(_told(plain.__name__, found.refused))
    ours = {name for name, origin in found.imports.items() if origin == limits.OURS}
    for definition in found.definitions:
        limits.refuse_ours(definition, ours, plain.__name__)
    text = "\n\n\n".join(found.texts.values()) + "\n"
    if len(text) > LONGEST:
        message = f"{plain.__name__} is {len(text):,} characters with what it calls; {LONGEST:,} are possible. Move what is general into a library"
        raise InputError(message)
    return PythonSource(entry=plain.__name__, text=text, imports=found.imports, warmup=warmup)


def _plain(function: Any) -> types.FunctionType:  # noqa: ANN401 - whatever was decorated
    if not isinstance(function, types.FunctionType):
        name = getattr(function, "__name__", repr(function))
        message = f"a strategy in Python is a function of bars, written with def; {name} is a {type(function).__name__}"
        raise InputError(message)
    if function.__name__ == "<lambda>" or inspect.isgeneratorfunction(function) or inspect.iscoroutinefunction(function):
        message = (
            f"a strategy in Python is written with def and returns its signals; {function.__name__} is a lambda, a generator or a coroutine"
        )
        raise InputError(message)
    return function


def _collect(function: types.FunctionType, found: _Found) -> None:
    """Take in a function: what it calls first, then its own text."""
    name = function.__name__
    if name in found.functions:
        if found.functions[name] is not function:
            found.refused[name] = "two functions of one name"
        return
    found.functions[name] = function
    definition, text = _definition(function)
    limits.refuse(definition, found.entry)
    found.definitions.append(definition)
    enclosing = inspect.getclosurevars(function).nonlocals
    for word in _names(function.__code__):
        value = enclosing.get(word, function.__globals__.get(word, _ABSENT))
        if value is _ABSENT:
            if not hasattr(builtins, word):
                found.refused[word] = "not defined"
        elif isinstance(value, types.FunctionType) and not limits.is_library(value.__module__):
            if value.__name__ == word:
                _collect(value, found)
            else:
                found.refused[word] = f"another name of the function {value.__name__}; call it by that"
        else:
            _import(word, value, found)
    found.texts[name] = text


def _import(name: str, value: Any, found: _Found) -> None:  # noqa: ANN401 - what the name stands for
    origin = limits.origin_of(value)
    if origin is None:
        shown = repr(value) if isinstance(value, _CONSTANTS) else ""
        found.refused[name] = f"{'a' if not shown else shown + ', a'} {type(value).__name__}"
    elif found.imports.setdefault(name, origin) != origin:
        found.refused[name] = "two different things in two functions"


def _definition(function: types.FunctionType) -> tuple[ast.FunctionDef, str]:
    """Return a function's syntax tree and its text without decorators.

    Raises:
        InputError: there is no text, it is of another function by now, or the function has other decorators than ours.
    """
    try:
        source = textwrap.dedent(inspect.getsource(function))
        definition = ast.parse(source).body[0]
    except (OSError, TypeError, SyntaxError, IndexError) as error:
        message = (
            f"the source of {function.__name__} cannot be read; define it in a notebook cell or a file, not by exec or at a bare prompt"
        )
        raise InputError(message) from error
    if not isinstance(definition, ast.FunctionDef):
        message = f"{function.__name__} is not written with def"
        raise InputError(message)
    for decorator in definition.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        word = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if word not in _DECORATORS:
            message = f"{function.__name__} is decorated with {ast.unparse(decorator)}, which would be lost with the rest of the notebook; leave it away"
            raise InputError(message)
    text = "\n".join(line.rstrip() for line in source.splitlines()[definition.lineno - 1 : definition.end_lineno])
    _prove_same(function, text)
    return definition, text


def _prove_same(function: types.FunctionType, text: str) -> None:
    """Compare the text, compiled, with the function: a file may have been edited since it was imported."""
    if function.__code__.co_freevars:
        return  # compiled alone it reads globals instead
    flags = function.__code__.co_flags & NO_ANNOTATIONS
    module = compile(text, "<text>", "exec", flags=flags, dont_inherit=True)
    again = next((const for const in module.co_consts if isinstance(const, types.CodeType) and const.co_name == function.__name__), None)
    if again is None or not _same(again, function.__code__):
        message = f"the source of {function.__name__} has changed since it was defined; run its cell again, or restart the kernel"
        raise InputError(message)


def _same(left: types.CodeType, right: types.CodeType) -> bool:
    """Whether two pieces of code do the same, however attributes are loaded: that depends on the imports around them."""
    return _shape(left) == _shape(right)


def _shape(code: types.CodeType) -> list[Any]:
    jumps = {*dis.hasjrel, *dis.hasjabs}
    shape: list[Any] = [code.co_varnames, code.co_argcount, code.co_kwonlyargcount]
    for entry in dis.get_instructions(code):
        if entry.opname not in _PADDING:
            value = _shape(entry.argval) if isinstance(entry.argval, types.CodeType) else repr(entry.argval)
            shape.append((_ALIKE.get(entry.opname, entry.opname), "" if entry.opcode in jumps else value))
    return shape


def _names(code: types.CodeType) -> Iterator[str]:
    """Give the names that code reads from outside, also those of functions inside it, each once and in order."""
    seen: dict[str, None] = dict.fromkeys(code.co_freevars)
    waiting = [code]
    while waiting:
        part = waiting.pop()
        own = {entry.argval for entry in dis.get_instructions(part) if entry.opname in _STORES}
        for entry in dis.get_instructions(part):
            if entry.opname in _READS and entry.argval not in own:
                seen[entry.argval] = None
        waiting += [const for const in part.co_consts if isinstance(const, types.CodeType)]
    return iter(seen)


def _told(entry: str, refused: dict[str, str]) -> str:
    listed = ", ".join(f"{name!r} ({what})" for name, what in refused.items())
    one = len(refused) == 1
    return (
        f"{entry} reads {listed} from outside, which the hash of the strategy would not see change; {'make it a parameter' if one else 'make them parameters'}, "
        f"for example def {entry}(bars, {next(iter(refused))}=10), or write {'it' if one else 'them'} inside the function"
    )
