"""hftbacktest on a recording: a grid of post-only orders at the touch, or nothing but the feed.

Arguments: FILE (rows of hftbacktest's events in the order of arrival, each for both sides),
TICK, LOT. Rounds: `feed` or a queue model. Each answers [seconds, fills, position, cash, fee].
"""

import sys
import time
from importlib.metadata import version

import numpy as np
from hftbacktest import EXCH_EVENT, GTX, LIMIT, LOCAL_EVENT, BacktestAsset, HashMapMarketDepthBacktest
from hftbacktest.data.validation import correct_event_order
from hftbacktest.types import event_dtype
from numba import njit, uint64
from numba.core import types
from numba.typed import Dict

from rounds import serve

STEP, LATENCY = 100_000_000, 10_000_000
LEVELS, LOTS, MOST = 5, 10, 50
NO_ASK = 2**63 - 1
FILE, TICK, LOT = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])

rows = np.fromfile(FILE, event_dtype)
feed = correct_event_order(
    rows, np.argsort(rows["exch_ts"], kind="mergesort"), np.argsort(rows["local_ts"], kind="mergesort")
)


@njit
def pass_time(hbt):
    while hbt.elapse(STEP) == 0:
        pass


@njit
def grid(hbt, tick, lot):
    while hbt.elapse(STEP) == 0:
        hbt.clear_inactive_orders(0)
        depth, orders = hbt.depth(0), hbt.orders(0)
        best_bid, best_ask = depth.best_bid_tick, depth.best_ask_tick
        if best_ask <= best_bid or best_bid <= 0 or best_ask >= NO_ASK:
            continue
        position = round(hbt.position(0) / lot)
        middle = (best_bid + best_ask) // 2
        bid, ask = min(middle, best_bid), max(middle, best_ask)
        bids = Dict.empty(types.uint64, types.float64)
        asks = Dict.empty(types.uint64, types.float64)
        for level in range(LEVELS):
            if position < MOST:
                bids[uint64(bid - level)] = (bid - level) * tick
            if position > -MOST:
                asks[uint64(ask + level)] = (ask + level) * tick
        values = orders.values()
        while values.has_next():
            order = values.get()
            if order.cancellable:
                wanted = bids if order.side == 1 else asks
                if order.order_id not in wanted:
                    hbt.cancel(0, order.order_id, False)
        for order_id, price in bids.items():
            if order_id not in orders:
                hbt.submit_buy_order(0, order_id, price, LOTS * lot, GTX, LIMIT, False)
        for order_id, price in asks.items():
            if order_id not in orders:
                hbt.submit_sell_order(0, order_id, price, LOTS * lot, GTX, LIMIT, False)


def once(kind):
    asset = (
        BacktestAsset().data([feed]).linear_asset(1.0).constant_order_latency(LATENCY, LATENCY)
        .no_partial_fill_exchange().trading_value_fee_model(0.0002, 0.0005)
        .tick_size(TICK).lot_size(LOT).last_trades_capacity(0)
    )
    if kind == "share_square":
        asset = asset.power_prob_queue_model(2.0)
    else:
        asset = asset.risk_adverse_queue_model()
    hbt = HashMapMarketDepthBacktest([asset])
    started = time.perf_counter()
    if kind == "feed":
        pass_time(hbt)
    else:
        grid(hbt, TICK, LOT)
    seconds = time.perf_counter() - started
    state = hbt.state_values(0)
    answer = [seconds, int(state.num_trades), round(state.position / LOT), state.balance, state.fee]
    hbt.close()
    return answer


once("feed")
once("risk_averse")
serve(f"hftbacktest {version('hftbacktest')}", lambda ask: once(ask[0]))
