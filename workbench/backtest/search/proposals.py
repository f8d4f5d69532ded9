"""Which candidates to look at next: Optuna's tree-structured Parzen estimator, in batches, on disk.

1. ``ask`` gives the trials of the next batch. Each batch has a sampler of its own, seeded by the search's seed and the number of the batch, so what is
   asked for depends on what came before and on nothing that a kill could lose.
2. ``tell`` takes what came of a whole batch, first into the journal (Optuna's own file, which its dashboard opens), then into the study that chooses.
3. A search that is started again finds the whole batches in its journal, tells them to a fresh study, and goes on as if nothing had happened. The rest of
   a batch that was cut off is asked for and made again.

A trial without a score is told as the worst. Source: J. Bergstra, R. Bardenet, Y. Bengio and B. Kegl, "Algorithms for Hyper-Parameter Optimization",
NeurIPS 2011; ``TPESampler`` is used as it is.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.backtest.search.outcome import Outcome
from workbench.errors import InputError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_STUDY, _FILE = "search", "study.log"
_OUTCOME, _ABOUT = "outcome", "about"
_STARTUP = 24
"""Candidates drawn at random before the estimator chooses."""


class Proposals:
    """The study of one search."""

    def __init__(self, *, trials: int, seed: int, batch: int, folder: Path | None, about: Mapping[str, Any]) -> None:
        """Take up the journal in ``folder`` where it is there; ``about`` is kept with it, and that of an earlier start goes first.

        Raises:
            StoreError: the journal cannot be read or written.
        """
        self._optuna = optuna()
        self._trials, self._seed, self._batch = trials, seed, batch
        self._study = self._optuna.create_study(direction="maximize")
        self.about = dict(about)
        self.outcomes: list[Outcome] = []
        self._journal: Any = None
        if folder is not None:
            try:
                self._take_up(folder)
            except (OSError, ValueError, KeyError) as error:
                message = f"the journal of the search in {folder} cannot be used ({error}); remove the folder, or search with journal=None"
                raise StoreError(message) from error

    def ask(self) -> list[Any]:
        """Return the trials of the next batch; none once all were made."""
        number = len(self.outcomes) // self._batch
        state = np.random.SeedSequence([self._seed, number]).generate_state(1)
        with _quiet():
            self._study.sampler = self._optuna.samplers.TPESampler(
                seed=int(state[0]), n_startup_trials=_STARTUP, constant_liar=True, multivariate=False
            )
        return [self._study.ask() for _ in range(min(self._trials - len(self.outcomes), self._batch))]

    def tell(self, trials: Sequence[Any], outcomes: Sequence[Outcome]) -> None:
        """Take what came of a batch."""
        if self._journal is not None:
            for trial, outcome in zip(trials, outcomes, strict=True):
                self._journal.add_trial(self._finished(trial, outcome))
        for trial, outcome in zip(trials, outcomes, strict=True):
            if outcome.score is None:
                self._study.tell(trial, state=self._optuna.trial.TrialState.PRUNED)
            else:
                self._study.tell(trial, outcome.score)
        self.outcomes += outcomes

    def _finished(self, trial: Any, outcome: Outcome) -> Any:  # noqa: ANN401 - trials of Optuna
        scored = outcome.score is not None
        states = self._optuna.trial.TrialState
        return self._optuna.trial.create_trial(
            state=states.COMPLETE if scored else states.PRUNED,
            value=outcome.score,
            params=dict(trial.params),
            distributions=dict(trial.distributions),
            user_attrs={_OUTCOME: outcome.to_dict()},
        )

    def _take_up(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / _FILE
        _mend(path)
        with _quiet():
            journals = self._optuna.storages
            storage = journals.JournalStorage(journals.journal.JournalFileBackend(str(path)))
            self._journal = self._optuna.create_study(study_name=_STUDY, storage=storage, direction="maximize", load_if_exists=True)
        kept = self._journal.user_attrs.get(_ABOUT)
        if kept is None:
            self._journal.set_user_attr(_ABOUT, self.about)
        else:
            self.about = dict(kept)
        found: dict[int, Any] = {}
        for trial in self._journal.get_trials(deepcopy=False):
            found.setdefault(int(trial.user_attrs[_OUTCOME]["number"]), trial)
        known = next(number for number in range(len(found) + 1) if number not in found)
        whole = known if known >= self._trials else known - known % self._batch
        for number in range(whole):
            kind = found[number]
            self._study.add_trial(
                self._optuna.trial.create_trial(state=kind.state, value=kind.value, params=kind.params, distributions=kind.distributions)
            )
            self.outcomes.append(Outcome.from_dict(kind.user_attrs[_OUTCOME]))


def _mend(path: Path) -> None:
    """Cut off a line that a kill tore, and remove the lock that it left."""
    with suppress(FileNotFoundError):
        path.with_name(f"{path.name}.lock").unlink()
    if path.exists():
        data = path.read_bytes()
        if data and not data.endswith(b"\n"):
            part = path.with_name(f"{path.name}.part")
            part.write_bytes(data[: data.rfind(b"\n") + 1])
            part.replace(path)


@contextmanager
def _quiet() -> Iterator[None]:
    """No words about stable options that Optuna calls experimental."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def optuna() -> Any:  # noqa: ANN401 - a module
    """Return the module.

    Raises:
        InputError: it is not installed.
    """
    try:
        import optuna as module  # noqa: PLC0415 - optional, and 0.3 seconds
    except ModuleNotFoundError as error:
        message = "a search needs Optuna, which is not installed; run: pip install 'workbench[search]'"
        raise InputError(message) from error
    module.logging.set_verbosity(module.logging.WARNING)
    return module
