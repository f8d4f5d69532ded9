"""The text of a strategy written in Python: what is stored, hashed, and run again in another process."""

from __future__ import annotations

import builtins
import linecache
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from workbench.content import content_hash
from workbench.errors import InputError, SpecError
from workbench.strategy.frozen import FrozenDict

if TYPE_CHECKING:
    from types import CodeType, FunctionType

LONGEST = 64_000
MOST_WARMUP = 100_000
NO_ANNOTATIONS = 0x1000000  # `from __future__ import annotations`: hints are never evaluated


class PythonSource(BaseModel):
    """A function ``bars -> signals`` as text, with everything it needs to run elsewhere."""

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))

    entry: str = Field(max_length=120, description="Name of the function that is asked.")
    text: str = Field(max_length=LONGEST, description="Source of that function, after the functions of the researcher that it calls.")
    imports: dict[str, str] = Field(
        default={}, description="Names from libraries that the text uses: 'np' is 'numpy', 'z' is 'scipy.stats:zscore'."
    )
    warmup: int = Field(ge=0, le=MOST_WARMUP, description="Bars before the one decided that the function needs.")

    @field_validator("imports")
    @classmethod
    def _sorted_imports(cls, given: dict[str, str]) -> dict[str, str]:
        return FrozenDict({name: given[name] for name in sorted(given)})

    @cached_property
    def code_hash(self) -> str:
        """SHA-256 of the canonical JSON of text, entry, imports and warm-up."""
        return content_hash({"entry": self.entry, "text": self.text, "imports": dict(self.imports), "warmup": self.warmup})

    @property
    def place(self) -> str:
        """The name under which its lines stand in tracebacks."""
        return f"<strategy {self.entry} {self.code_hash[:12]}>"

    def __hash__(self) -> int:
        """Hash by content."""
        return hash(self.code_hash)


def compiled(source: PythonSource) -> CodeType:
    """Return the text compiled, not run.

    Raises:
        SpecError: it is no Python, or was written for a newer one.
    """
    try:
        code: CodeType = compile(source.text, source.place, "exec", flags=NO_ANNOTATIONS, dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        message = f"the source of {source.entry} cannot be read by this Python: {error}"
        raise SpecError(message) from error
    return code


def function_of(source: PythonSource) -> FunctionType:
    """Return the function, built from its text alone in a namespace that holds its imports and nothing else.

    Raises:
        SpecError: the text is no Python, or does not define the function.
        InputError: a library it imports is not installed here.
    """
    namespace: dict[str, Any] = {"__builtins__": builtins, "__name__": source.place}
    for name, origin in source.imports.items():
        namespace[name] = imported(origin, source.entry)
    code = compiled(source)
    linecache.cache[source.place] = (len(source.text), None, source.text.splitlines(keepends=True), source.place)
    exec(code, namespace)  # noqa: S102 - a researcher's own function; what others wrote runs in a child process (child.py)
    found: FunctionType | None = namespace.get(source.entry)
    if found is None or not hasattr(found, "__code__"):
        message = f"the source of this strategy does not define the function {source.entry!r}"
        raise SpecError(message)
    return found


def imported(origin: str, entry: str) -> Any:  # noqa: ANN401 - a module, or anything in it
    """Return what ``"module"`` or ``"module:name"`` stands for.

    Raises:
        InputError: it is not installed, or the library no longer has the name.
    """
    module, _, name = origin.partition(":")
    try:
        found: Any = import_module(module)
        for part in name.split(".") if name else ():
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        message = f"the strategy {entry} needs {origin.replace(':', '.')}, which is not here ({error}); install it in this environment"
        raise InputError(message) from error
    return found
