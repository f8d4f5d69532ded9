"""The code of a step: compiled, addressed by its content, and made of exact arithmetic only.

1. ``compiled_step`` takes a function of ``(state, inputs, params, out)``. Steps of this package are kept on disk compiled. A researcher's step is kept only
   when it refers to nothing outside itself: numba would not notice that a constant of another cell, or a function it calls, has changed.
2. ``code_hash`` covers the source text and all it refers to: constants by value, other compiled functions by their own hash; anything else is refused,
   because the same text would then mean different things.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import textwrap
import types
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.compiled import kernel
from workbench.errors import InputError
from workbench.strategy.indicators.registry import BUILT_IN

import numba  # isort: skip - after workbench.compiled

if TYPE_CHECKING:
    from collections.abc import Callable

_TRANSCENDENTAL = ("exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "pow", "power", "float_power", "cbrt", "hypot", "gamma", "erf")
_CIRCULAR = ("sin", "cos", "tan", "sinh", "cosh", "tanh", "asin", "acos", "atan", "atan2", "arcsin", "arccos", "arctan", "arctan2")
_ORDERLESS = ("dot", "matmul", "sum", "mean", "std", "var", "cumsum", "random")
_INEXACT = frozenset((*_TRANSCENDENTAL, *_CIRCULAR, *_ORDERLESS))
_MODULES = frozenset({"math", "numpy", "numba"})
_ARGUMENTS = ["state", "inputs", "params", "out"]


def compiled_step(function: Callable[..., None] | Any) -> Any:  # noqa: ANN401 - a numba dispatcher
    """Return ``function`` as a compiled function; a compiled one is taken as it is where what is kept of it on disk can be trusted.

    Raises:
        InputError: no function of ``(state, inputs, params, out)``.
    """
    plain = getattr(function, "py_func", function)
    if not isinstance(plain, types.FunctionType):
        message = f"a step must be a function of {', '.join(_ARGUMENTS)}, not {function!r}"
        raise InputError(message)
    arguments = list(inspect.signature(plain).parameters)
    if len(arguments) != len(_ARGUMENTS):
        message = f"a step takes four arguments ({', '.join(_ARGUMENTS)}), {plain.__name__} takes {len(arguments)}: {', '.join(arguments)}"
        raise InputError(message)
    if not str(plain.__module__).startswith(BUILT_IN) and _references(plain):
        return numba.njit(nogil=True, fastmath=False, error_model="numpy")(plain)
    if hasattr(function, "py_func"):
        return function
    try:
        return kernel(function)
    except RuntimeError as error:  # numba finds no file to cache beside
        raise InputError(_no_source(plain)) from error


def code_hash(step: Any, name: str) -> str:  # noqa: ANN401 - a numba dispatcher
    """Return the SHA-256 of a step's source text and of what it refers to.

    Raises:
        InputError: the source cannot be read, or the step refers to something that is neither a constant nor a compiled function.
    """
    plain = getattr(step, "py_func", step)
    try:
        source = textwrap.dedent(inspect.getsource(plain))
        tree = ast.parse(source)
    except (OSError, TypeError, SyntaxError) as error:
        raise InputError(_no_source(plain)) from error
    _check_arithmetic(tree, name)
    digest = hashlib.sha256(source.encode())
    for word, value in sorted(_references(plain).items()):
        if hasattr(value, "py_func"):
            _check_helper(value, word, name)
            digest.update(f"\0{word}={code_hash(value, name)}".encode())
        elif isinstance(value, bool | int | float | str):
            digest.update(f"\0{word}={value!r}".encode())
        else:
            message = (
                f"the step of {name} refers to {word!r}, a {type(value).__name__}; a step may use constants, math, numpy and compiled functions, "
                f"anything else belongs into its parameters"
            )
            raise InputError(message)
    return digest.hexdigest()


def _references(plain: types.FunctionType) -> dict[str, Any]:
    """Return what a function refers to outside itself, except the tools every step may use."""
    used = inspect.getclosurevars(plain)
    return {word: value for word, value in {**used.globals, **used.nonlocals}.items() if not _is_tool(value)}


def _is_tool(value: object) -> bool:
    if isinstance(value, types.ModuleType):
        return value.__name__ in _MODULES
    return isinstance(value, types.BuiltinFunctionType | np.ufunc | type)


def _check_helper(helper: Any, word: str, name: str) -> None:  # noqa: ANN401 - a numba dispatcher
    """Refuse a researcher's helper whose compiled form on disk would outlive a change of what it refers to."""
    plain = helper.py_func
    if not str(plain.__module__).startswith(BUILT_IN) and _references(plain) and getattr(helper.stats, "cache_path", None):
        message = (
            f"the step of {name} calls {word!r}, which refers to {', '.join(sorted(_references(plain)))} and is kept compiled on disk, where a change "
            f"would not be noticed; hand these over as arguments"
        )
        raise InputError(message)


def _check_arithmetic(tree: ast.AST, name: str) -> None:
    """Refuse what rounds differently from processor to processor, or in an order of the library's choosing."""
    for node in ast.walk(tree):
        called = node.func if isinstance(node, ast.Call) else None
        word = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
        if word in _INEXACT or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow)):
            shown = repr(word) if word in _INEXACT else "'**'"
            message = (
                f"the step of {name} uses {shown}, which is not the same to the last bit everywhere; decisions use + - * /, sqrt, abs, min, max and "
                f"comparisons (write x * x for a square, a loop for a sum)"
            )
            raise InputError(message)


def _no_source(plain: Any) -> str:  # noqa: ANN401 - any function
    return f"the source of {plain.__name__} cannot be read; define the step in a file or a notebook cell, not by exec or at a bare prompt"
