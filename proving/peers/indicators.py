"""The C library TA-Lib over columns of bars, one call a round.

Arguments: a folder with high.f64, low.f64 and close.f64. An ask names an indicator; the answer
is [seconds, the sum of each output without its warm-up]. The wrapper allocates its outputs inside
the call, in memory that the process already holds, as the columns of the other side are.
"""

import sys
import time
from pathlib import Path

import numpy as np
import talib

from rounds import serve

CALLS = {
    "rsi_14": lambda high, low, close: talib.RSI(close, 14),
    "macd": lambda high, low, close: talib.MACD(close, 12, 26, 9),
    "bollinger_20": lambda high, low, close: talib.BBANDS(close, 20, 2.0, 2.0),
    "atr_14": lambda high, low, close: talib.ATR(high, low, close, 14),
}


def one_round(ask):
    call = CALLS[ask[0]]
    begun = time.perf_counter()
    outputs = call(*SERIES)
    seconds = time.perf_counter() - begun
    if not isinstance(outputs, (tuple, list)):
        outputs = [outputs]
    return [seconds, [float(np.nansum(output)) for output in outputs]]


FOLDER = Path(sys.argv[1])
SERIES = [np.fromfile(FOLDER / f"{name}.f64") for name in ("high", "low", "close")]

if __name__ == "__main__":
    c_version = talib.__ta_version__.decode().split(" ")[0]
    serve(f"TA-Lib {talib.__version__} (C {c_version})", one_round)
