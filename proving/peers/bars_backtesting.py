"""backtesting.py. Its run includes its statistics, which can't be switched off."""

import time

import backtesting
import pandas as pd
from backtesting import Backtest, Strategy

from rounds import serve
from tape import ABOVE, BELOW, CASH, FAST, FEE, QUANTITY, SLOW, SYMBOLS, answer, frames


def sma(values, length):
    return pd.Series(values).rolling(length).mean()


class SmaCross(Strategy):
    def init(self):
        self.fast = self.I(sma, self.data.Close, FAST)
        self.slow = self.I(sma, self.data.Close, SLOW)

    def next(self):
        fast, slow = self.fast[-1], self.slow[-1]
        if fast > slow * ABOVE:
            if not self.position:
                self.buy(size=QUANTITY)
        elif fast < slow * BELOW and self.position:
            self.position.close()


def one_round(ask):
    test = Backtest(FRAME, SmaCross, cash=CASH, commission=FEE, finalize_trades=False)
    begun = time.perf_counter()
    stats = test.run()
    seconds = time.perf_counter() - begun
    fills = []
    for trade in stats["_trades"].itertuples():
        fills.append((trade.EntryBar, 0, trade.Size, trade.EntryPrice))
        fills.append((trade.ExitBar, 0, -trade.Size, trade.ExitPrice))
    for trade in stats["_strategy"].trades:
        fills.append((trade.entry_bar, 0, trade.size, trade.entry_price))
    return answer(ask, seconds, fills, stats["Equity Final [$]"])


assert SYMBOLS == 1, "backtesting.py trades one symbol"
FRAME = frames()[0]
FRAME.columns = ["Open", "High", "Low", "Close", "Volume"]

if __name__ == "__main__":
    serve(f"backtesting.py {backtesting.__version__}", one_round)
