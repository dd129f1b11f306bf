"""The tape that every bar engine reads, and the strategy's numbers.

Arguments of each bars_*.py: folder, symbols, bars of each, quantity, cash. An ask is `time`, or
a path that the fills are written to as rows of bar, symbol, signed quantity and cents. The answer
is {"seconds", "fills", "equity"}; seconds run from data in the engine's own form to the last
equity, indicators included.

Strategy: long a fixed quantity while SMA(10) > SMA(50), flat while it is below, decided on the
close, market orders, 1 bp commission. A difference below 1e-9 counts as neither.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

FAST, SLOW = 10, 50
# Place of the first bar that decides: backtesting.py passes over the first one that could.
FIRST = 50
ABOVE, BELOW = 1 + 1e-9, 1 - 1e-9
FEE = 1e-4

FOLDER = Path(sys.argv[1])
SYMBOLS, BARS, QUANTITY, CASH = (int(word) for word in sys.argv[2:6])
TIMES = np.fromfile(FOLDER / "time.i64", np.int64)[:BARS]


def column(name):
    """Bars by symbols."""
    return np.fromfile(FOLDER / f"{name}.f64").reshape(SYMBOLS, -1)[:, :BARS].T.copy()


def frames():
    """One DataFrame a symbol, indexed by the closing time of the bar."""
    index = pd.DatetimeIndex(TIMES.view("datetime64[ns]"), name="timestamp")
    names = ("open", "high", "low", "close", "volume")
    columns = {name: column(name) for name in names}
    return [
        pd.DataFrame({name: columns[name][:, symbol] for name in names}, index=index)
        for symbol in range(SYMBOLS)
    ]


def answer(ask, seconds, fills, equity):
    """fills: rows of bar, symbol, signed quantity, price."""
    rows = np.asarray(fills, dtype=float).reshape(-1, 4)
    rows[:, 3] *= 100
    if ask[0] != "time":
        np.rint(rows).astype(np.int64).tofile(ask[0])
    return {"seconds": seconds, "fills": len(rows), "equity": float(equity)}
