"""backtrader. Its run includes reading the DataFrame row by row."""

import time

import backtrader as bt

from rounds import serve
from tape import ABOVE, BELOW, CASH, FAST, FEE, FIRST, QUANTITY, SLOW, SYMBOLS, answer, frames


class SmaCross(bt.Strategy):
    def __init__(self):
        self.pairs = [
            (data, bt.ind.SMA(data.close, period=FAST), bt.ind.SMA(data.close, period=SLOW))
            for data in self.datas
        ]
        self.numbers = {data: number for number, data in enumerate(self.datas)}
        self.is_long = [False] * len(self.datas)
        self.fills = []

    def next(self):
        if len(self) <= FIRST:
            return
        for number, (data, fast, slow) in enumerate(self.pairs):
            if fast[0] > slow[0] * ABOVE:
                if not self.is_long[number]:
                    self.is_long[number] = True
                    self.buy(data=data, size=QUANTITY)
            elif fast[0] < slow[0] * BELOW and self.is_long[number]:
                self.is_long[number] = False
                self.sell(data=data, size=QUANTITY)

    def notify_order(self, order):
        # Told at the close of the bar at whose open it filled.
        if order.status == order.Completed:
            bar, symbol = len(order.data) - 1, self.numbers[order.data]
            self.fills.append((bar, symbol, order.executed.size, order.executed.price))


def one_round(ask):
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.broker.setcash(CASH)
    cerebro.broker.setcommission(commission=FEE)
    options = {"timeframe": bt.TimeFrame.Minutes} if SYMBOLS == 1 else {}
    for number, frame in enumerate(FRAMES):
        cerebro.adddata(bt.feeds.PandasData(dataname=frame, **options), name=f"S{number:04}")
    cerebro.addstrategy(SmaCross)
    begun = time.perf_counter()
    strategy = cerebro.run()[0]
    equity = cerebro.broker.getvalue()
    seconds = time.perf_counter() - begun
    return answer(ask, seconds, strategy.fills, equity)


FRAMES = frames()

if __name__ == "__main__":
    serve(f"backtrader {bt.__version__}", one_round)
