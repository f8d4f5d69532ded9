"""The authoring desk without a screen: what is written, what it means, what it would do, and what can be done with it.

1. ``change`` takes what was typed, reads the whole form again (about 7 ms) and draws the preview again where bars are at hand.
2. ``obtain`` loads bars that are not at hand, the only slow step, which a face runs beside itself; ``arrive`` takes them. ``fetch`` does both.
3. ``keeper`` saves the draft; ``save``, ``run``, ``make_bot`` and ``revise`` act through the bench and return an ``Outcome``.

Nothing a person can type raises; what a store, a role or missing data refuses comes back in words.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

from workbench.errors import DataUnavailableError, InputError, PermissionDeniedError, StoreError, WorkbenchError
from workbench.lifecycle import access, bots
from workbench.lifecycle.people import whoami
from workbench.lifecycle.stages import Stage
from workbench.strategy import versions
from workbench.strategy.archetypes import archetype
from workbench.strategy.rules.statements import DIRECTIONS, WORDS_OF
from workbench.strategy.spec import StrategySpec
from workbench.strategy.strategy import Strategy
from workbench.strategy.templates import template
from workbench.widgets.authoring import python
from workbench.widgets.authoring.fields import FIELDS
from workbench.widgets.authoring.form import LONGEST, Form
from workbench.widgets.authoring.keeper import DraftKeeper
from workbench.widgets.authoring.preview import Preview, bare, preview, warm
from workbench.widgets.authoring.reading import Reading, read

if TYPE_CHECKING:
    from workbench.app import Bench
    from workbench.backtest.result import Result
    from workbench.lifecycle.bots import Bot
    from workbench.market.bars import Bars
    from workbench.strategy.rules.parse import ParsedRule

Picture = Literal["loading", "ready", "behind", "missing", "error"]
_SHOWN = 250
_HERE = "SPX, IXIC, AAPL, FB, GOOG, IBM and MSFT are here as daily bars, SYN and SYN0 in any length. A rule can be written and saved without bars."


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of an act."""

    ok: bool
    text: str
    """What happened, or what refused it."""
    remedy: str = ""
    """What to do, or what comes next."""
    field: str = ""
    """The field that can solve it, where there is one."""


@dataclass(frozen=True, kw_only=True)
class Sight:
    """How the preview stands."""

    picture: Picture = "loading"
    """``loading``, ``ready``, ``behind`` (shows the last text that could be read), ``missing`` (no such bars here), ``error``."""
    text: str = ""
    remedy: str = ""


class AuthorModel:
    """One open authoring desk."""

    def __init__(self, bench: Bench, subject: Strategy | Bot | str | None = None) -> None:
        """Open the desk on nothing, a strategy, or a bot (also by name or id); a draft that was left behind is taken up again.

        Raises:
            UnknownNameError: no bot of that name.
            StoreError: the bot cannot be read.
        """
        self.bench, self.person = bench, whoami()
        self.bot: Bot | None = None
        self.base: StrategySpec | None = None
        self.bars: Bars | None = None
        self.sight = Sight()
        self.preview: Preview | None = None
        self.result: Result | None = None
        self.latency_ms = 0.0
        self._missing: dict[tuple[str, str], Sight] = {}
        self._good: dict[str, ParsedRule] = {}
        self._before: Form | None = None
        self._opened = self._open(subject)
        self.locked = self._why_locked()
        self.keeper = DraftKeeper(bench.database, self.person.name, self._slot, active=not self.locked)
        self.form = self.keeper.load() or self._opened
        self.reading = Reading()
        self._read()

    # ---- what is written

    def change(self, name: str, text: str) -> None:
        """Take what was typed into the field ``name``: a field of the form, or ``$fast`` for a parameter; unknown names change nothing."""
        text = str(text)[:LONGEST]
        if name.startswith("$"):
            form = replace(self.form, parameters={**self.form.parameters, name[1:]: text})
        elif name in FIELDS or name in DIRECTIONS or name == "text":
            form = replace(self.form, **_one(name, text))
        else:
            return
        self._before = None
        self._take(form)

    def switch(self, mode: str) -> None:
        """Write one ``sentence``, or the four ``directions`` each in its own field; the rules go along."""
        if mode not in ("sentence", "directions") or mode == self.form.mode:
            return
        rules = {name: rule.canonical for name, rule in (self.reading.rules or self._good).items()}
        form = replace(self.form, mode=mode)
        if mode == "directions":
            said: dict[str, Any] = {name: rules.get(name, "") for name in DIRECTIONS}
            form = replace(form, **said) if rules else form
        elif not self._says_the_same(form):
            parts = [f"{WORDS_OF[name]} {getattr(form, name).strip()}" for name in DIRECTIONS if getattr(form, name).strip()]
            form = replace(form, text=";\n".join(parts))
        self._take(form)

    def use(self, name: str) -> Outcome:
        """Fill the form with the template of an archetype: rules, parameters, guards, bars; ``undo`` brings back what was there."""
        try:
            entry = archetype(name)
            traded = self.reading.values.get("symbols") or ("SPX",)
            made = template(entry.name, traded[0], timeframe=self._timeframe_for(entry.timeframe))
        except InputError as error:
            return Outcome(ok=False, text=str(error), field="archetype")
        filled = Form.of(made.spec, made.spec.provenance.source_text)
        kept = {name: getattr(self.form, name) for name in ("symbols", "shown", "bot_name", "capital", "size", "window", "session_mode")}
        before = self.form
        self._take(replace(filled, mode="sentence", **kept))
        if self.form.mode != before.mode:
            self.switch(before.mode)
        self._before = before
        return Outcome(ok=True, text=f"{entry.name.replace('_', ' ')}: {entry.idea}", remedy=f"Fails when: {entry.fails_when}")

    def undo(self) -> bool:
        """Bring back the form as it was before a template or a fresh start replaced it; return whether there was one."""
        if self._before is None:
            return False
        before, self._before = self._before, None
        self._take(before)
        return True

    def start_over(self) -> None:
        """Forget the draft and show what the desk was opened with; ``undo`` brings it back."""
        before = self.form
        self.keeper.discard()
        self._take(self._opened)
        self._before = before if before != self._opened else None

    def settle(self, *, theirs: bool) -> None:
        """End a conflict of two pages: take the other's text, or keep this one."""
        found = self.keeper.settle(theirs=theirs)
        self._take(found or self.form)

    # ---- what it would do

    @property
    def wanted(self) -> tuple[str, str] | None:
        """Symbol and timeframe that the preview needs, None while these fields cannot be read."""
        values = self.reading.values
        if not values.get("symbols") or values.get("timeframe") is None:
            return None
        return values["symbols"][0], values["timeframe"].value

    @property
    def needs_bars(self) -> bool:
        """Whether ``fetch`` has something to load."""
        return self.wanted is not None and not self._at_hand(self.wanted) and self.wanted not in self._missing

    def obtain(self, wanted: tuple[str, str]) -> Bars | Sight:
        """Return the bars of a symbol and timeframe, or why there are none. Slow the first time and safe beside everything else: it changes nothing here."""
        symbol, bar = wanted
        try:
            found = self.bench.bars(symbol, bar)
            if self.bars is None:
                warm(found)
        except DataUnavailableError as error:
            return Sight(picture="missing", text=f"No bars of {symbol} {bar} here.", remedy=str(error))
        except StoreError as error:
            return Sight(picture="error", text="The store is away, so bars cannot be read.", remedy=str(error))
        except WorkbenchError:
            return Sight(picture="missing", text=f"No bars of {symbol} {bar} here.", remedy=_HERE)
        return found

    def arrive(self, wanted: tuple[str, str], found: Bars | Sight) -> None:
        """Take what ``obtain`` found, and draw."""
        if isinstance(found, Sight):
            if found.picture == "missing":
                self._missing[wanted] = found
            elif wanted == self.wanted:
                self.sight, self.preview = found, None
                return
        elif wanted == self.wanted:
            self.bars = found
        self.look()

    def fetch(self) -> None:
        """Obtain the bars the preview needs, and draw."""
        wanted = self.wanted
        if wanted is not None:
            self.arrive(wanted, self.obtain(wanted))

    def look(self) -> None:
        """Draw the preview again from the bars at hand."""
        wanted = self.wanted
        if wanted is None:
            self.sight = replace(self.sight, picture="behind" if self.preview else "loading")
            return
        if wanted in self._missing:
            self.sight, self.preview = self._missing[wanted], None
            return
        if not self._at_hand(wanted):
            self.sight = Sight(picture="loading")
            return
        self._draw()

    @property
    def can_undo(self) -> bool:
        """Whether ``undo`` has something to bring back."""
        return self._before is not None

    @property
    def last_read(self) -> dict[str, ParsedRule]:
        """The rules of the last text that could be read."""
        return self._good

    @property
    def code(self) -> str:
        """The same in Python."""
        return python.code(self.form, self.reading)

    # ---- what can be done with it

    def save(self) -> Outcome:
        """Put the strategy on record as a version of its name."""
        made = self._ready("strategies.save")
        if isinstance(made, Outcome):
            return made
        try:
            with self.bench.database.session() as session:
                version, new = versions.save(session, made.spec, self.person.name)
        except WorkbenchError as error:
            return Outcome(ok=False, text=str(error))
        told = f"saved {made.name} as version {version}" if new else f"{made.name} is on record already, as version {version}"
        return Outcome(ok=True, text=told, remedy=f"strategy {made.spec_hash[:12]}")

    def run(self) -> Outcome:
        """Backtest the strategy on all bars of its first symbol, through the bench: it counts as a trial."""
        made = self._ready("code.run")
        if isinstance(made, Outcome):
            return made
        try:
            bars = self.bench.bars(made.spec.symbols[0], made.spec.timeframe.value)
            result = self.bench.backtest(made, bars)
            counted = self.bench.trials(made)
        except StoreError as error:  # a figure that cannot be counted is not shown
            return Outcome(ok=False, text=f"the store is away, and a backtest that cannot be counted is not shown: {error}")
        except WorkbenchError as error:
            return Outcome(ok=False, text=str(error))
        self.result = result
        return Outcome(ok=True, text=f"counted: {counted.trials:,} {'trial' if counted.trials == 1 else 'trials'} in this family")

    def make_bot(self) -> Outcome:
        """Make a bot in LAB from the strategy, with the form's name and capital."""
        made = self._ready("bots.create")
        if isinstance(made, Outcome):
            return made
        for name in ("bot_name", "capital"):
            if name in self.reading.errors:
                return Outcome(ok=False, text=self.reading.errors[name], field=name)
        wanted, capital = self.reading.values["bot_name"] or made.name, self.reading.values["capital"]
        try:
            made_bot = self.bench.bots.create(made, name=wanted, capital=capital)
        except InputError as error:
            named = "a bot named" in str(error) or "bot's name" in str(error)
            return Outcome(ok=False, text=str(error), field="bot_name" if named else "")
        except WorkbenchError as error:
            return Outcome(ok=False, text=str(error))
        return Outcome(ok=True, text=f"{made_bot.name} is in LAB", remedy=f"ask for its promotion: bench.review({made_bot.name!r})")

    def revise(self, reason: str) -> Outcome:
        """Give the bot that the desk was opened with this version of its strategy."""
        made = self._ready("bots.change")
        if isinstance(made, Outcome):
            return made
        if self.bot is None or not self.reading.changed:
            return Outcome(ok=False, text="nothing was changed" if self.bot else "the desk was not opened with a bot")
        try:
            with self.bench.database.session() as session:
                self.bot = bots.revise(session, self.bot, made, by=self.person, reason=reason)
        except WorkbenchError as error:
            return Outcome(ok=False, text=str(error))
        self.base = made.spec
        self._opened = Form.of(made.spec, made.spec.provenance.source_text)
        self._read()
        return Outcome(ok=True, text=f"{self.bot.name} trades this version now", remedy="evidence about the old one no longer counts")

    def why_not(self, action: str) -> str:
        """Return why this person may not do ``action``; empty where they may."""
        owner = self.bot.owner if self.bot is not None and action == "bots.change" else None
        try:
            access.require(self.person, action, owner=owner)
        except PermissionDeniedError as error:
            return str(error)
        return ""

    # ---- inside

    def _open(self, subject: Strategy | Bot | str | None) -> Form:
        self._slot = "new"
        if subject is None:
            return Form()
        if isinstance(subject, Strategy):
            self.base, self._slot = subject.spec, f"spec:{subject.spec_hash[:12]}"
        else:
            with self.bench.database.read() as session:
                self.bot = bots.get(session, subject if isinstance(subject, str) else subject.id)
                self.base = StrategySpec.from_json(bots.spec_json(session, self.bot))
            self._slot = f"bot:{self.bot.id}"
        form = Form.of(self.base, self.base.provenance.source_text)
        return form if self.bot is None else replace(form, capital=f"{self.bot.capital:,.10g}")

    def _why_locked(self) -> str:
        """Return why nothing can be changed here, empty where it can."""
        if self.bot is not None and self.bot.stage is not Stage.LAB:
            return f"{self.bot.name} is in {self.bot.stage.value}, where its strategy is frozen; demote it to LAB to change it"
        return self.why_not("strategies.save") or (self.why_not("bots.change") if self.bot else "")

    def _take(self, form: Form) -> None:
        if self.locked and replace(form, shown=self.form.shown) != self.form:  # how many bars are shown is everybody's choice
            return
        self.form = form
        self._read()
        self.keeper.changed(form)

    def _read(self) -> None:
        started = perf_counter()
        self.reading = read(self.form, self.base)
        if self.reading.rules and not self.reading.mistakes:
            self._good = dict(self.reading.rules)
        self.latency_ms = (perf_counter() - started) * 1000
        self.look()

    def _draw(self) -> None:
        assert self.bars is not None
        shown = self.reading.values.get("shown") or _SHOWN
        made = self.reading.strategy
        if made is None:
            if self.form.blank or self.preview is None or self._other_bars(self.preview):
                self.preview = bare(self.bars, shown)
            self.sight = Sight(picture="ready" if self.form.blank else "behind")
            return
        try:
            self.preview = preview(made, self.bars, shown)
        except WorkbenchError as error:
            self.preview = bare(self.bars, shown)
            self.sight = Sight(picture="error", text=str(error))
        else:
            self.sight = Sight(picture="ready")

    def _ready(self, action: str) -> Strategy | Outcome:
        refused = self.why_not(action)
        if refused:
            return Outcome(ok=False, text=refused)
        if self.reading.strategy is None:
            first = next(iter(self.reading.errors.items()), None)
            told = self.reading.mistakes[0].problem if self.reading.mistakes else first[1] if first else "there is no rule yet"
            return Outcome(ok=False, text=told, field=first[0] if first and not self.reading.mistakes else "")
        return self.reading.strategy

    def _at_hand(self, wanted: tuple[str, str]) -> bool:
        return self.bars is not None and (self.bars.instrument.symbol, self.bars.timeframe.value) == wanted

    def _other_bars(self, drawn: Preview) -> bool:
        return (drawn.bars.instrument.symbol, drawn.bars.timeframe.value) != self.wanted

    def _says_the_same(self, form: Form) -> bool:
        """Return whether the sentence that is still there says what the four fields say."""
        said: Any = read(replace(form, mode="sentence")).rules
        return bool(said) and {name: rule.tree for name, rule in said.items()} == {
            name: rule.tree for name, rule in self.reading.rules.items()
        }

    def _timeframe_for(self, usual: str) -> str:
        """Return the bars a template is filled in with: those chosen already, once a rule has been written; else its own."""
        chosen = self.reading.values.get("timeframe")
        return chosen.value if chosen is not None and chosen.intraday else usual


def _one(name: str, text: str) -> dict[str, Any]:
    return {name: text}
