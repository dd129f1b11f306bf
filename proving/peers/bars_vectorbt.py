"""vectorbt, with its Numba or its Rust engine (a sixth argument): whole columns at once.

The first round compiles and is not the one that counts: the best is.
"""

import sys
import time

import numpy as np
import pandas as pd
import vectorbt as vbt

from rounds import serve
from tape import ABOVE, BELOW, CASH, FAST, FEE, FIRST, QUANTITY, SLOW, SYMBOLS, TIMES, answer, column

ENGINE = sys.argv[6]


def delayed(signal):
    result = np.zeros_like(signal)
    result[FIRST + 1 :] = signal[FIRST:-1]
    return result


def portfolio():
    fast = vbt.MA.run(CLOSE, FAST).ma.to_numpy()
    slow = vbt.MA.run(CLOSE, SLOW).ma.to_numpy()
    shared = {"cash_sharing": True, "group_by": True} if SYMBOLS > 1 else {}
    engine = {} if ENGINE == "numba" else {"engine": ENGINE}
    return vbt.Portfolio.from_signals(
        CLOSE,
        entries=delayed(fast > slow * ABOVE),
        exits=delayed(fast < slow * BELOW),
        price=OPEN,
        size=QUANTITY,
        fees=FEE,
        init_cash=CASH,
        freq=CLOSE.index[1] - CLOSE.index[0],
        **shared,
        **engine,
    )


def one_round(ask):
    begun = time.perf_counter()
    result = portfolio()
    equity = float(result.final_value())
    seconds = time.perf_counter() - begun
    orders = result.orders.values
    sign = np.where(orders["side"] == 0, 1, -1)
    fills = np.column_stack(
        [orders["idx"], orders["col"], sign * orders["size"], orders["price"]]
    )
    return answer(ask, seconds, fills, equity)


INDEX = pd.DatetimeIndex(TIMES.view("datetime64[ns]"))
OPEN, CLOSE = (pd.DataFrame(column(name), index=INDEX) for name in ("open", "close"))
if SYMBOLS == 1:
    OPEN, CLOSE = OPEN[0], CLOSE[0]
vbt.settings["engine"] = ENGINE

if __name__ == "__main__":
    serve(f"vectorbt {vbt.__version__} ({ENGINE})", one_round)
