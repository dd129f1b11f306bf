"""A made recording, orders in it and what hftbacktest fills, for the tests of `sim`. Argument: FILE.

Every order is sent at a set time, 10 ms away from the venue and back. For each queue model the
state of each order at the end: what it is, the tick it traded at and when.
"""

import json
import sys

import numpy as np
from hftbacktest import (
    BUY_EVENT, DEPTH_EVENT, EXCH_EVENT, GTC, GTX, LIMIT, LOCAL_EVENT, SELL_EVENT, TRADE_EVENT,
    BacktestAsset, HashMapMarketDepthBacktest,
)
from hftbacktest.order import IOC
from hftbacktest.types import event_dtype
from numba import njit

MS = 1_000_000
START = 1_000_000 * MS
TICK, LOT = 0.5, 0.01
rng = np.random.default_rng(11)
SIDES = {"bid": 1, "ask": -1}


def recording(count):
    """Rows of (at, known, kind, side, tick, lots); a level's lots are what rests there after."""
    book = {"bid": {}, "ask": {}}
    rows, at, known = [], START, START
    best = {"bid": 1000, "ask": 1001}

    def level(side, tick, lots):
        book[side].pop(tick, None)
        if lots:
            book[side][tick] = lots
        rows.append((at, known, "level", side, tick, lots))

    for away in range(8):
        level("bid", 1000 - away, int(rng.integers(20, 90)))
        level("ask", 1001 + away, int(rng.integers(20, 90)))
    while len(rows) < count:
        at += int(rng.integers(1, 6)) * MS
        known = max(known, at + int(rng.integers(1, 5)) * MS)
        best["bid"], best["ask"] = max(book["bid"]), min(book["ask"])
        side = "bid" if rng.random() < 0.5 else "ask"
        other = "ask" if side == "bid" else "bid"
        inward = SIDES[side]
        kind = rng.random()
        if kind < 0.45:
            tick = best[side] - inward * int(rng.integers(-1, 5))
            if (tick - best[other]) * inward < 0:
                level(side, tick, book[side].get(tick, 0) + int(rng.integers(1, 40)))
        elif kind < 0.75:
            tick = list(book[side])[int(rng.integers(len(book[side])))]
            gone = int(rng.integers(1, 30))
            if len(book[side]) > 3 or book[side][tick] > gone:
                level(side, tick, max(book[side][tick] - gone, 0))
        elif len(book[side]) > 3:
            tick, left = best[side], int(rng.integers(1, 45))
            size = min(left, book[side][tick])
            rows.append((at, known, "trade", side, tick, size))
            level(side, tick, book[side][tick] - size)
    return rows


def orders(rows, count):
    """Rows of (wait in ms, order, side, tick, lots, terms), or a cancellation: lots 0."""
    made, times = [], np.array([row[0] for row in rows])
    now, open_until = START, {}
    trades = [(row[0], row[4]) for row in rows]
    for number in range(1, count + 1):
        wait = int(rng.integers(5, 60))
        now += wait * MS
        tick = trades[min(int(np.searchsorted(times, now)), len(trades) - 1)][1]
        ready = [order for order, since in open_until.items() if now - since > 40 * MS]
        if ready and rng.random() < 0.3:
            order = ready[int(rng.integers(len(ready)))]
            del open_until[order]
            made.append((wait, order, "bid", 0, 0, "cancel"))
            continue
        side = "bid" if rng.random() < 0.5 else "ask"
        tick -= SIDES[side] * int(rng.integers(-1, 3))
        terms = ["limit", "post_only", "post_only", "immediate_or_cancel"][int(rng.integers(4))]
        made.append((wait, number, side, tick, int(rng.integers(1, 6)), terms))
        open_until[number] = now
    return made


def as_events(rows):
    events = np.zeros(len(rows), event_dtype)
    for event, (at, known, kind, side, tick, lots) in zip(events, rows):
        # A trade is named after its aggressor, a level after who rests there.
        buys = (side == "bid") == (kind == "level")
        event["ev"] = (DEPTH_EVENT if kind == "level" else TRADE_EVENT) | EXCH_EVENT | LOCAL_EVENT
        event["ev"] |= BUY_EVENT if buys else SELL_EVENT
        event["exch_ts"], event["local_ts"] = at, known
        event["px"], event["qty"] = tick * TICK, lots * LOT
    return events


@njit
def run(hbt, waits, names, buys, ticks, lots, terms):
    for k in range(len(waits)):
        if hbt.elapse(waits[k]) != 0:
            break
        if terms[k] == 99:
            order = hbt.orders(0).get(names[k])
            if order is not None and order.cancellable:
                hbt.cancel(0, names[k], False)
        elif buys[k]:
            hbt.submit_buy_order(0, names[k], ticks[k] * 0.5, lots[k] * 0.01, terms[k], LIMIT, False)
        else:
            hbt.submit_sell_order(0, names[k], ticks[k] * 0.5, lots[k] * 0.01, terms[k], LIMIT, False)
    while hbt.elapse(100_000_000) == 0:
        pass


TERMS = {"limit": GTC, "post_only": GTX, "immediate_or_cancel": IOC, "cancel": 99}
STANDING = {1: "working", 2: "done", 3: "filled", 4: "done"}


def outcomes(events, wishes, queue):
    asset = (
        BacktestAsset().data([events]).linear_asset(1.0).constant_order_latency(10 * MS, 10 * MS)
        .no_partial_fill_exchange().tick_size(TICK).lot_size(LOT)
    )
    asset = queue(asset)
    hbt = HashMapMarketDepthBacktest([asset])
    columns = list(zip(*wishes))
    run(hbt, np.array(columns[0], np.int64) * MS, np.array(columns[1], np.uint64),
        np.array([side == "bid" for side in columns[2]]), np.array(columns[3], np.int64),
        np.array(columns[4], np.int64), np.array([TERMS[t] for t in columns[5]], np.int64))
    made, values = {}, hbt.orders(0).values()
    while values.has_next():
        order = values.get()
        filled = order.status == 3
        made[int(order.order_id)] = [
            STANDING[int(order.status)],
            round(order.exec_price / TICK) if filled else 0,
            int(order.exch_timestamp) if filled else 0,
        ]
    return [[order, *made[order]] for order in sorted(made)]


def main():
    rows = recording(2_600)
    wishes = orders(rows, 200)
    events = as_events(rows)
    models = {
        "risk_averse": lambda asset: asset.risk_adverse_queue_model(),
        "share_square": lambda asset: asset.power_prob_queue_model(2.0),
        "share_of_all_cube": lambda asset: asset.power_prob_queue_model2(3.0),
        "one_minus_square": lambda asset: asset.power_prob_queue_model3(2.0),
        "share_logarithm": lambda asset: asset.log_prob_queue_model(),
    }
    made = {name: outcomes(events, wishes, queue) for name, queue in models.items()}
    short = {"level": "l", "trade": "t", "bid": "b", "ask": "a"}
    tape = [[(at - START) // MS, (known - START) // MS, short[kind] + short[side], tick, lots]
            for at, known, kind, side, tick, lots in rows]
    with open(sys.argv[1], "w") as file:
        json.dump({"start": START, "tape": tape, "orders": wishes, "outcomes": made}, file,
                  separators=(",", ":"))
    for name, results in made.items():
        print(name, sum(r[1] == "filled" for r in results), "of", len(results), "filled")


main()
