"""NautilusTrader. It fills a market order at the close of the deciding bar; every bar of the tape
opens at that price, so the fill is told as one of the next bar."""

import time
from decimal import Decimal

import nautilus_trader
import numpy as np
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.config import BacktestEngineConfig, LoggingConfig, RiskEngineConfig
from nautilus_trader.indicators import SimpleMovingAverage
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import Equity
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.persistence.wranglers import BarDataWrangler
from nautilus_trader.trading.strategy import Strategy

from rounds import serve
from tape import ABOVE, BARS, BELOW, CASH, FAST, FIRST, QUANTITY, SLOW, SYMBOLS, TIMES, answer, frames

VENUE = Venue("SIM")


class SmaCross(Strategy):
    """One instance trades every symbol, so that the engine is measured and not 500 actors."""

    def __init__(self, bar_types):
        super().__init__()
        self.bar_types = bar_types
        self.fills = []

    def on_start(self):
        self.size = Quantity.from_int(QUANTITY)
        self.tracked = {}
        for bar_type in self.bar_types:
            fast, slow = SimpleMovingAverage(FAST), SimpleMovingAverage(SLOW)
            self.register_indicator_for_bars(bar_type, fast)
            self.register_indicator_for_bars(bar_type, slow)
            self.tracked[bar_type] = [fast, slow, False, 0]
            self.subscribe_bars(bar_type)

    def on_bar(self, bar):
        state = self.tracked[bar.bar_type]
        fast, slow, is_long, bars = state
        state[3] += 1
        if bars < FIRST or bars == BARS - 1:
            return  # what the last bar decided would fill on no bar
        if fast.value > slow.value * ABOVE:
            if not is_long:
                state[2] = True
                self.send(bar.bar_type, OrderSide.BUY)
        elif fast.value < slow.value * BELOW and is_long:
            state[2] = False
            self.send(bar.bar_type, OrderSide.SELL)

    def send(self, bar_type, side):
        self.submit_order(self.order_factory.market(bar_type.instrument_id, side, self.size))

    def on_order_filled(self, event):
        self.fills.append(event)


def instrument(number):
    return Equity(
        instrument_id=InstrumentId(Symbol(f"S{number:04}"), VENUE),
        raw_symbol=Symbol(f"S{number:04}"),
        currency=USD,
        price_precision=2,
        price_increment=Price(0.01, 2),
        lot_size=Quantity.from_int(1),
        maker_fee=Decimal("0.0001"),
        taker_fee=Decimal("0.0001"),
        ts_event=0,
        ts_init=0,
    )


def loaded():
    """An engine with its data, ready to run. The default rate limit would deny the 101st order
    of one simulated second, and daily bars of many symbols share a timestamp."""
    engine = BacktestEngine(
        BacktestEngineConfig(
            logging=LoggingConfig(bypass_logging=True),
            risk_engine=RiskEngineConfig(max_order_submit_rate="1000000/00:00:01"),
            run_analysis=False,
        )
    )
    engine.add_venue(
        venue=VENUE,
        oms_type=OmsType.NETTING,
        account_type=AccountType.CASH,
        base_currency=USD,
        starting_balances=[Money(CASH, USD)],
    )
    for one in INSTRUMENTS:
        engine.add_instrument(one)
    engine.add_data(BAR_DATA)
    strategy = SmaCross(BAR_TYPES)
    engine.add_strategy(strategy)
    return engine, strategy


def one_round(ask):
    engine, strategy = loaded()
    begun = time.perf_counter()
    engine.run()
    equity = float(engine.portfolio.account(VENUE).balance_total(USD))
    for number, bar_type in enumerate(BAR_TYPES):
        if strategy.tracked[bar_type][2]:
            equity += QUANTITY * LAST_CLOSES[number]
    seconds = time.perf_counter() - begun
    fills = []
    for event in strategy.fills:
        sign = 1 if event.order_side == OrderSide.BUY else -1
        bar = int(np.searchsorted(TIMES, event.ts_event)) + 1
        symbol = int(event.instrument_id.symbol.value[1:])
        fills.append((bar, symbol, sign * float(event.last_qty), float(event.last_px)))
    engine.dispose()
    return answer(ask, seconds, fills, equity)


PERIOD = "MINUTE" if SYMBOLS == 1 else "DAY"
INSTRUMENTS = [instrument(number) for number in range(SYMBOLS)]
BAR_TYPES = [BarType.from_str(f"{one.id}-1-{PERIOD}-LAST-EXTERNAL") for one in INSTRUMENTS]
BAR_DATA, LAST_CLOSES = [], []
for one, bar_type, frame in zip(INSTRUMENTS, BAR_TYPES, frames()):
    BAR_DATA.extend(BarDataWrangler(bar_type, one).process(frame))
    LAST_CLOSES.append(float(frame["close"].iloc[-1]))

if __name__ == "__main__":
    serve(f"NautilusTrader {nautilus_trader.__version__}", one_round)
