"""What a person does with the parts: keys, filters, forms, questions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from workbench.widgets import parts
from workbench.widgets.gallery import figures, forms
from workbench.widgets.gallery.board import ACTIONS, BOT_COLUMNS, TRADE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable


def test_changed_cells_change_and_others_stay(stage: Callable[..., Any]) -> None:
    """A patch touches the cells it names; the elements of the other rows are the same ones."""
    page = stage(parts.Table(TRADE_COLUMNS, figures.trades(50), page_size=0, name="feed"))
    page.evaluate("document.querySelectorAll('tbody td').forEach((cell) => { cell.mark = 1; })")
    page.evaluate("tell(0, { patch: [{ id: 'T0050', price: 9999.25 }] })")
    page.wait_for_timeout(60)
    row = page.locator("tr[data-id=T0050]")

    assert "9,999.25" in row.inner_text()
    assert page.evaluate("[...document.querySelectorAll('tbody td')].every((cell) => cell.mark === 1)")
    assert page.evaluate("models[0].get('rows').find((row) => row.id === 'T0050').price") == 9999.25


def test_fifty_rows_ten_times_a_second_stay_smooth(stage: Callable[..., Any]) -> None:
    """A patch of all fifty rows takes a page far less than the tenth of a second between two."""
    page = stage(parts.Table(TRADE_COLUMNS, figures.trades(50), page_size=0, name="feed"))
    spent = page.evaluate("""async () => {
      const ids = models[0].get("rows").map((row) => row.id);
      let spent = 0;
      for (let step = 0; step < 20; step += 1) {
        const begun = performance.now();
        tell(0, { patch: ids.map((id) => ({ id, price: 100 + step, pnl: step * 3.5 })) });
        await new Promise(requestAnimationFrame);
        document.body.offsetHeight;
        spent += performance.now() - begun;
        await new Promise((done) => setTimeout(done, 20));
      }
      return spent / 20;
    }""")

    assert spent < 60


def test_a_table_is_worked_by_keys(stage: Callable[..., Any]) -> None:
    """J and k move, Enter opens, / filters, Escape leaves; pages turn with n and p."""
    page = stage(parts.Table(TRADE_COLUMNS, figures.trades(), page_size=10, name="trades"))
    page.locator("tbody tr").first.focus()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    assert page.evaluate("models[0].sent") == [{"did": "activate", "id": "T0136"}]
    assert page.evaluate("models[0].saved.selected") == "T0136"

    page.keyboard.press("n")
    assert page.locator(".wb-foot").inner_text().startswith("11–20 of 137")
    page.keyboard.press("/")
    page.keyboard.type("T013")
    page.wait_for_timeout(250)
    assert page.evaluate("models[0].saved.filters") == {"trade": "T013"}
    assert page.locator("tbody tr").count() == 8
    page.keyboard.press("Escape")
    page.wait_for_timeout(60)
    assert page.locator("tbody tr").count() == 10


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"pnl": ">100"}, ["b"]),
        ({"pnl": "<= 0"}, ["a"]),
        ({"pnl": "-60..200"}, ["a", "b"]),
        ({"share": ">10%"}, ["b"]),
        ({"bot": "ORB|nq"}, ["a", "b"]),
        ({"bot": "orb", "pnl": ">0"}, []),
        ({"pnl": "nonsense"}, []),
    ],
)
def test_filters_understand_figures_and_words(stage: Callable[..., Any], filters: dict[str, str], expected: list[str]) -> None:
    """Comparisons and ranges for figures, words for the rest; what cannot be read finds nothing."""
    columns = [{"key": "bot"}, {"key": "pnl", "kind": "signed"}, {"key": "share", "kind": "percent"}]
    rows = [
        {"id": "a", "bot": "es-orb", "pnl": -50.0, "share": 0.05},
        {"id": "b", "bot": "nq-revert", "pnl": 150.0, "share": 0.2},
        {"id": "c", "bot": "cl", "pnl": None, "share": None},
    ]
    page = stage(parts.Table(columns, rows, filters=filters))

    assert page.locator("tbody tr").evaluate_all("rows => rows.map((row) => row.dataset.id)") == expected


def test_missing_values_sort_last(stage: Callable[..., Any]) -> None:
    """Up or down, a dash is never the best or the worst."""
    columns = [{"key": "bot"}, {"key": "pnl", "kind": "signed"}]
    rows = [{"id": "x", "pnl": None}, {"id": "low", "pnl": -1.0}, {"id": "high", "pnl": 2.0}]
    page = stage(parts.Table(columns, rows, sort="-pnl"), parts.Table(columns, rows, sort="pnl"))
    ids = [page.locator("tbody").nth(at).locator("tr").evaluate_all("rows => rows.map((row) => row.dataset.id)") for at in (0, 1)]

    assert ids == [["high", "low", "x"], ["low", "high", "x"]]


def test_a_spreadsheet_runs_nothing(stage: Callable[..., Any]) -> None:
    """Cells that begin like formulas are written with an apostrophe; commas and quotes are kept."""
    page = stage()
    text = page.evaluate(
        "inside.rows.csvText([{ a: '=1+1', b: 'x, \"y\"', c: -3.5, d: null }], [{ key: 'a', title: 'A' }, { key: 'b' }, { key: 'c', kind: 'signed' }, { key: 'd' }])"
    )

    assert text == 'A,b,c,d\r\n\'=1+1,"x, ""y""",-3.5,'


def test_a_destructive_action_asks_in_the_row(stage: Callable[..., Any]) -> None:
    """It says what will happen, wants a reason, can be left with Escape, and shows a refusal where it was asked."""
    page = stage(parts.Table(BOT_COLUMNS, figures.bot_rows(), actions=ACTIONS, name="bots"))
    page.get_by_role("button", name="Stop nq-revert").click()
    assert "Stop nq-revert: its orders are cancelled" in page.locator(".wb-ask").inner_text()
    page.locator(".wb-ask .wb-button").first.click()
    assert "write the reason" in page.locator(".wb-ask .wb-error").inner_text()
    page.keyboard.press("Escape")
    assert page.locator(".wb-ask").count() == 0

    page.get_by_role("button", name="Stop nq-revert").click()
    page.keyboard.type("too many losses")
    page.keyboard.press("Enter")
    assert page.evaluate("models[0].sent") == [{"did": "action", "id": "bot-1", "name": "stop", "reason": "too many losses"}]
    page.evaluate("tell(0, { settled: { id: 'bot-1', name: 'stop', error: 'operators only' } })")
    assert page.locator(".wb-ask .wb-error").inner_text().endswith("operators only")


def test_the_caret_stays_while_python_answers(stage: Callable[..., Any]) -> None:
    """An answer colours the text under the caret; one for an older text is ignored; Tab applies the repair."""
    editor = parts.RuleEditor("Exit", "close > smaa(200)", debounce=250)
    forms.read(editor, editor.text)
    page = stage(editor)
    area = page.locator("textarea")
    area.click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("not ")
    page.wait_for_function("models[0].saved.text !== undefined")
    assert page.evaluate("models[0].saved") == {"text": "not close > smaa(200)", "caret": 4, "revision": 1}

    page.evaluate("update(0, { answered: 0, spans: [], errors: [{ from: 0, to: 1, message: 'late' }] })")
    page.wait_for_timeout(30)
    assert page.locator(".wb-squiggle").inner_text() == "smaa"
    page.evaluate(
        "update(0, { answered: 1, spans: [{ from: 0, to: 3, kind: 'keyword' }], errors: [{ from: 12, to: 16, message: 'no indicator', suggestion: 'sma' }] })"
    )
    page.wait_for_timeout(30)
    assert area.evaluate("area => area.selectionStart") == 4
    page.keyboard.press("Tab")
    page.wait_for_timeout(60)
    assert area.input_value() == "not close > sma(200)"


def test_a_number_that_is_none_stays_in_the_field(stage: Callable[..., Any]) -> None:
    """Words and numbers outside the limits show their error; Python hears what is wrong and keeps its last number."""
    page = stage(parts.Number("Capital", 1000.0, least=0.0, most=5000.0, step=100.0))
    field = page.get_by_label("Capital")
    for written, said in (("12x", "is not a number"), ("9,000", "at most 5,000"), ("", "a number is needed")):
        field.fill(written)
        field.press("Enter")
        assert said in page.locator(".wb-error").inner_text()
    assert page.evaluate("models[0].saved") == {"wrong": "a number is needed"}
    field.fill("2,500")
    field.press("Enter")
    field.press("ArrowUp")
    assert page.evaluate("models[0].saved") == {"value": 2600, "wrong": ""}


def test_a_date_that_is_none_stays_in_the_field(stage: Callable[..., Any]) -> None:
    """Another country's date shows its error and Python hears it; Escape brings the last date back, a good one takes the error away."""
    page = stage(parts.Text("From", kind="date", value="2026-01-31"))
    field = page.get_by_label("From")
    field.fill("31.1.2026")
    field.press("Enter")
    assert "write a date as 2026-01-31" in page.locator(".wb-error").inner_text()
    assert page.evaluate("models[0].saved") == {"wrong": "write a date as 2026-01-31"}
    assert field.input_value() == "31.1.2026"
    field.press("Escape")
    assert (field.input_value(), page.evaluate("models[0].saved.wrong")) == ("2026-01-31", "")
    field.fill("2026-02-30x")
    field.press("Enter")
    field.fill("2026-02-01")
    field.press("Enter")
    assert page.evaluate("models[0].saved") == {"value": "2026-02-01", "wrong": ""}


def test_a_plot_is_read_by_keys(stage: Callable[..., Any]) -> None:
    """Arrows read the bars one after the other: where each begins and ends and how high it is."""
    plot = parts.Plot()
    plot.show(
        bars=[{"edges": [0.0, 1.0, 2.0, 3.0], "heights": [4, 9, 2]}],
        marks=[{"x": 1.2, "text": "here"}],
        x_name="Sharpe",
        y_name="runs",
        y_digits=0,
    )
    page = stage(plot)
    place = page.locator("[aria-roledescription=plot]")
    place.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.locator(".wb-read").inner_text() == "Sharpe 1.00 to 2.00: 9 runs"
    page.keyboard.press("Escape")
    assert page.locator(".wb-read").inner_text() == "runs"
