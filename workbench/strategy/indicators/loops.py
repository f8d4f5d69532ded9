"""The batch loops of the built-in steps, each with its step's code inside: half the time of calling the step by address on every bar.

One function a step, each in this file by name, because only such functions are found again on disk by the next process; each is compiled when first used.
Steps from elsewhere go through ``driver.drive``, compiled once for all; a new strategy compiles nothing. ``_over`` is that loop with the code of the step
inside; where a step can be done for many bars at once ``over_stretches`` is used (``stretch.py``, ``tiles.py``). The numbers are the same to the bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.compiled import kernel
from workbench.strategy.indicators import (
    adx,
    aroon,
    atr,
    bb,
    cci,
    donchian,
    ema,
    ichimoku,
    keltner,
    linreg,
    macd,
    memory,
    mfi,
    obv,
    psar,
    roc,
    rsi,
    session,
    sma,
    stoch,
    stretch,
    supertrend,
    tiles,
    trix,
    vwap,
    wma,
)
from workbench.strategy.indicators.memory import array_at, numbers_at
from workbench.strategy.indicators.rows import COLUMNS_AT, INPUTS_AT, OUT_AT, PARAMS, PARAMS_AT, STATE, STATE_AT, VALUES_AT
from workbench.strategy.indicators.stretch import kernel_part, over_stretches

if TYPE_CHECKING:
    from numpy.typing import NDArray


@kernel_part
def _over(step: Any, row: NDArray[np.int64], bars: int, columns: int, outputs: int) -> None:  # noqa: ANN401 - a compiled function
    """Do what ``driver.drive`` does for a step of known inputs and outputs."""
    state = array_at(numbers_at(row[STATE_AT]), row[STATE])
    inputs = array_at(numbers_at(row[INPUTS_AT]), columns)
    params = array_at(numbers_at(row[PARAMS_AT]), row[PARAMS])
    values = array_at(numbers_at(row[VALUES_AT]), outputs)
    out = array_at(numbers_at(row[OUT_AT]), outputs * bars)
    for bar in range(bars):
        finite = True
        for column in range(columns):
            inputs[column] = numbers_at(row[COLUMNS_AT + column])[bar]
            finite = finite and inputs[column] - inputs[column] == 0.0
        for output in range(outputs):
            values[output] = np.nan
        if finite:
            step(state, inputs, params, values)
        else:
            for cell in range(len(state)):
                state[cell] = 0.0
        for output in range(outputs):
            out[output * bars + bar] = values[output]


_fill_sma = tiles.sma
_fill_volume_sma = tiles.sma
_fill_wma = tiles.wma
_fill_cmf = tiles.cmf
_fill_rsi = stretch.rsi
_fill_roc = stretch.roc
_fill_mom = stretch.mom
_fill_atr = stretch.atr
_fill_natr = stretch.natr
_fill_true_range = stretch.true_range
_fill_bb = tiles.bb
_fill_stdev = tiles.stdev
_fill_zscore = tiles.zscore
_fill_donchian = tiles.donchian
_fill_highest = tiles.highest
_fill_lowest = tiles.lowest
_fill_williams = tiles.williams
_vwma_step = kernel_part(wma.vwma.step.py_func)
_ema_step = kernel_part(ema.ema.step.py_func)
_trix_step = kernel_part(trix.trix.step.py_func)
_linreg_step = kernel_part(linreg.linreg.step.py_func)
_macd_step = kernel_part(macd.macd.step.py_func)
_adx_step = kernel_part(adx.adx.step.py_func)
_stoch_step = kernel_part(stoch.stoch.step.py_func)
_cci_step = kernel_part(cci.cci.step.py_func)
_mfi_step = kernel_part(mfi.mfi.step.py_func)
_obv_step = kernel_part(obv.obv.step.py_func)
_aroon_step = kernel_part(aroon.aroon.step.py_func)
_keltner_step = kernel_part(keltner.keltner.step.py_func)
_supertrend_step = kernel_part(supertrend.supertrend.step.py_func)
_psar_step = kernel_part(psar.psar.step.py_func)
_ichimoku_step = kernel_part(ichimoku.ichimoku.step.py_func)
_vwap_step = kernel_part(vwap.vwap.step.py_func)
_vwap_bands_step = kernel_part(vwap.vwap_bands.step.py_func)
_session_open_step = kernel_part(session.session_open.step.py_func)
_session_high_step = kernel_part(session.session_high.step.py_func)
_session_low_step = kernel_part(session.session_low.step.py_func)
_prior_high_step = kernel_part(session.prior_high.step.py_func)
_prior_low_step = kernel_part(session.prior_low.step.py_func)
_prior_close_step = kernel_part(session.prior_close.step.py_func)
_orb_step = kernel_part(session.orb.step.py_func)


@kernel
def _sma(row: NDArray[np.int64], bars: int) -> None:
    over_stretches(_fill_sma, row, bars, 1, 1)


@kernel
def _volume_sma(row: NDArray[np.int64], bars: int) -> None:
    over_stretches(_fill_volume_sma, row, bars, 1, 1)


@kernel
def _wma(row: NDArray[np.int64], bars: int) -> None:
    over_stretches(_fill_wma, row, bars, 1, 1)


@kernel
def _vwma(row: NDArray[np.int64], bars: int) -> None:
    _over(_vwma_step, row, bars, 2, 1)


@kernel
def _ema(row: NDArray[np.int64], bars: int) -> None:
    _over(_ema_step, row, bars, 1, 1)


@kernel
def _trix(row: NDArray[np.int64], bars: int) -> None:
    _over(_trix_step, row, bars, 1, 1)


@kernel
def _linreg(row: NDArray[np.int64], bars: int) -> None:
    _over(_linreg_step, row, bars, 1, 2)


@kernel
def _rsi(row: NDArray[np.int64], bars: int) -> None:
    over_stretches(_fill_rsi, row, bars, 1, 1)


@kernel
def _roc(row: NDArray[np.int64], bars: int) -> None:
    over_stretches(_fill_roc, row, bars, 1, 1)


@kernel
def _mom(row: NDArray[np.int64], bars: int) -> None:
    over_stretches(_fill_mom, row, bars, 1, 1)


@kernel
def _macd(row: NDArray[np.int64], bars: int) -> None:
    _over(_macd_step, row, bars, 1, 3)


@kernel
def _atr(row: NDArray[np.int64], bars: int) -> None:
    over_stretches(_fill_atr, row, bars, 3, 1)


@kernel
def _natr(row: NDArray[np.int64], bars: int) -> None:
    over_stretches(_fill_natr, row, bars, 3, 1)


@kernel
def _true_range(row: NDArray[np.int64], bars: int) -> None:
    over_stretches(_fill_true_range, row, bars, 3, 1)


@kernel
def _adx(row: NDArray[np.int64], bars: int) -> None:
    _over(_adx_step, row, bars, 3, 3)


@kernel
def _bb(row: NDArray[np.int64], bars: int) -> None:
    over_stretches(_fill_bb, row, bars, 1, 3)


@kernel
def _stdev(row: NDArray[np.int64], bars: int) -> None:
    over_stretches(_fill_stdev, row, bars, 1, 1)


@kernel
def _zscore(row: NDArray[np.int64], bars: int) -> None:
    over_stretches(_fill_zscore, row, bars, 1, 1)


@kernel
def _donchian(row: NDArray[np.int64], bars: int) -> None:
    over_stretches(_fill_donchian, row, bars, 2, 3)


@kernel
def _highest(row: NDArray[np.int64], bars: int) -> None:
    over_stretches(_fill_highest, row, bars, 1, 1)


@kernel
def _lowest(row: NDArray[np.int64], bars: int) -> None:
    over_stretches(_fill_lowest, row, bars, 1, 1)


@kernel
def _stoch(row: NDArray[np.int64], bars: int) -> None:
    _over(_stoch_step, row, bars, 3, 2)


@kernel
def _williams(row: NDArray[np.int64], bars: int) -> None:
    over_stretches(_fill_williams, row, bars, 3, 1)


@kernel
def _cci(row: NDArray[np.int64], bars: int) -> None:
    _over(_cci_step, row, bars, 3, 1)


@kernel
def _mfi(row: NDArray[np.int64], bars: int) -> None:
    _over(_mfi_step, row, bars, 4, 1)


@kernel
def _cmf(row: NDArray[np.int64], bars: int) -> None:
    over_stretches(_fill_cmf, row, bars, 4, 1)


@kernel
def _obv(row: NDArray[np.int64], bars: int) -> None:
    _over(_obv_step, row, bars, 2, 1)


@kernel
def _aroon(row: NDArray[np.int64], bars: int) -> None:
    _over(_aroon_step, row, bars, 2, 3)


@kernel
def _keltner(row: NDArray[np.int64], bars: int) -> None:
    _over(_keltner_step, row, bars, 3, 3)


@kernel
def _supertrend(row: NDArray[np.int64], bars: int) -> None:
    _over(_supertrend_step, row, bars, 3, 2)


@kernel
def _psar(row: NDArray[np.int64], bars: int) -> None:
    _over(_psar_step, row, bars, 2, 2)


@kernel
def _ichimoku(row: NDArray[np.int64], bars: int) -> None:
    _over(_ichimoku_step, row, bars, 2, 4)


@kernel
def _vwap(row: NDArray[np.int64], bars: int) -> None:
    _over(_vwap_step, row, bars, 6, 1)


@kernel
def _vwap_bands(row: NDArray[np.int64], bars: int) -> None:
    _over(_vwap_bands_step, row, bars, 6, 3)


@kernel
def _session_open(row: NDArray[np.int64], bars: int) -> None:
    _over(_session_open_step, row, bars, 3, 1)


@kernel
def _session_high(row: NDArray[np.int64], bars: int) -> None:
    _over(_session_high_step, row, bars, 3, 1)


@kernel
def _session_low(row: NDArray[np.int64], bars: int) -> None:
    _over(_session_low_step, row, bars, 3, 1)


@kernel
def _prior_high(row: NDArray[np.int64], bars: int) -> None:
    _over(_prior_high_step, row, bars, 3, 1)


@kernel
def _prior_low(row: NDArray[np.int64], bars: int) -> None:
    _over(_prior_low_step, row, bars, 3, 1)


@kernel
def _prior_close(row: NDArray[np.int64], bars: int) -> None:
    _over(_prior_close_step, row, bars, 3, 1)


@kernel
def _orb(row: NDArray[np.int64], bars: int) -> None:
    _over(_orb_step, row, bars, 6, 3)


memory.LOOPS |= {
    id(entry.step): loop
    for entry, loop in (
        (sma.sma, _sma),
        (sma.volume_sma, _volume_sma),
        (wma.wma, _wma),
        (wma.vwma, _vwma),
        (ema.ema, _ema),
        (trix.trix, _trix),
        (linreg.linreg, _linreg),
        (rsi.rsi, _rsi),
        (roc.roc, _roc),
        (roc.mom, _mom),
        (macd.macd, _macd),
        (atr.atr, _atr),
        (atr.natr, _natr),
        (atr.true_range, _true_range),
        (adx.adx, _adx),
        (bb.bb, _bb),
        (bb.stdev, _stdev),
        (bb.zscore, _zscore),
        (donchian.donchian, _donchian),
        (donchian.highest, _highest),
        (donchian.lowest, _lowest),
        (stoch.stoch, _stoch),
        (stoch.williams, _williams),
        (cci.cci, _cci),
        (mfi.mfi, _mfi),
        (mfi.cmf, _cmf),
        (obv.obv, _obv),
        (aroon.aroon, _aroon),
        (keltner.keltner, _keltner),
        (supertrend.supertrend, _supertrend),
        (psar.psar, _psar),
        (ichimoku.ichimoku, _ichimoku),
        (vwap.vwap, _vwap),
        (vwap.vwap_bands, _vwap_bands),
        (session.session_open, _session_open),
        (session.session_high, _session_high),
        (session.session_low, _session_low),
        (session.prior_high, _prior_high),
        (session.prior_low, _prior_low),
        (session.prior_close, _prior_close),
        (session.orb, _orb),
    )
}
