"""The points of a sweep on a Dask cluster, named by its URL: the same rows, to the bit, from other machines.

1. ``connected`` finds the scheduler and refuses workers whose Workbench is not the one here: another kernel could give other numbers.
2. The work (strategy, bars, plan) is sent once; a task is a stretch of the plan, so it is small however many points there are. A worker prepares the
   work once and keeps it with the columns its points share. It needs the package, not the store.
3. ``rows`` keeps a few tasks a worker in flight and hands their rows on in the order of the plan.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from workbench.compiled import sources_hash
from workbench.errors import BacktestError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from workbench.backtest.sweep.evaluate import Evaluator, Work

_PATIENCE = 10
"""Seconds to wait for the scheduler, and for its first worker."""
_AHEAD = 3
"""Tasks a worker thread in flight."""
_HELD = 2
"""Works that a worker keeps ready."""
_ready: OrderedDict[str, Evaluator] = OrderedDict()
_one_at_a_time = threading.RLock()


@contextmanager
def connected(url: str) -> Iterator[Any]:
    """Give a client of the cluster at ``url``, closed afterwards.

    Raises:
        InputError: Dask is not installed, nobody answers, there is no worker, or a worker runs another version.
    """
    try:
        import distributed  # noqa: PLC0415 - optional, and only where a cluster is asked for
    except ModuleNotFoundError as error:
        message = "a cluster needs Dask, which is not installed; run: pip install 'workbench[cluster]', or sweep without cluster="
        raise InputError(message) from error
    try:
        client: Any = distributed.Client(url, timeout=_PATIENCE, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TypeError) as error:
        message = (
            f"no Dask scheduler answers at {url!r}; start one with: dask scheduler, and give its address, for example tcp://127.0.0.1:8786"
        )
        raise InputError(message) from error
    with client:
        _require_equals(client, url)
        yield client


def _require_equals(client: Any, url: str) -> None:  # noqa: ANN401 - a Dask client
    try:
        client.wait_for_workers(1, timeout=_PATIENCE)
    except Exception as error:
        message = f"the cluster at {url} has no worker; start one with: dask worker {url}"
        raise InputError(message) from error
    others = [name for name, found in client.run(sources_hash).items() if found != _version_here()]
    if others:
        message = f"{len(others)} workers of {url} run another version of Workbench, {others[0]} for one; install the same everywhere"
        raise InputError(message)


def _version_here() -> str:
    return sources_hash()


def rows(work: Work, spans: Iterable[tuple[int, int]], client: Any) -> Iterator[tuple[int, NDArray[np.float64]]]:  # noqa: ANN401 - a Dask client
    """Return (first, rows) of each stretch of the plan, in their order.

    Raises:
        InputError: values that are not possible.
        BacktestError: the cluster lost the work too often.
    """
    sent = client.scatter(work.light(), broadcast=True, hash=False)
    most = _AHEAD * max(1, sum(client.nthreads().values()))
    flying: deque[tuple[int, Any]] = deque()
    try:
        for first, last in spans:
            flying.append((first, client.submit(evaluate, sent, first, last, key=f"sweep-{work.key[:16]}-{first}-{last}")))
            if len(flying) >= most:
                yield _landed(*flying.popleft())
        while flying:
            yield _landed(*flying.popleft())
    finally:
        client.cancel([future for _, future in flying])


def _landed(first: int, future: Any) -> tuple[int, NDArray[np.float64]]:  # noqa: ANN401 - a Dask future
    from distributed import CancelledError, KilledWorker  # noqa: PLC0415 - optional

    try:
        return first, future.result()
    except (KilledWorker, CancelledError) as error:
        message = (
            f"the cluster lost the points from {first:,} on ({type(error).__name__}); the finished ones are kept, sweep again to go on"
        )
        raise BacktestError(message) from error


def evaluate(work: Work, first: int, last: int) -> NDArray[np.float64]:
    """Return the rows of a stretch, in a worker: prepared once, then one stretch at a time on the worker's threads."""
    import numba  # noqa: PLC0415 - after workbench.compiled
    from distributed import get_worker  # noqa: PLC0415 - optional

    with _one_at_a_time:
        threads = min(get_worker().state.nthreads, numba.get_num_threads())
        numba.set_num_threads(threads)
        if work.key not in _ready:
            while len(_ready) >= _HELD:
                _ready.popitem(last=False)[1].__exit__()
            _ready[work.key] = work.evaluator(threads=threads).__enter__()
        _ready.move_to_end(work.key)
        return _ready[work.key].rows(first, last)
