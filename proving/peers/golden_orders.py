"""A recording that shows every order, our orders in it, and what hftbacktest's queue of single
orders (`l3_fifo_queue_model`) fills.

`golden_orders.py FILE` makes a recording and writes all of it, for the tests of `sim`.
`golden_orders.py IN OUT` reads tape and orders from IN and writes the outcomes alone.

A row of the tape is [at, known, kind, order, side, tick, lots], times in nanoseconds. Kinds: a
joins, m has that price and size now, x is gone, e traded so many lots, t is a print, c clears the
book. A row of the orders is [wait in ns, order, side, tick, lots, terms].
"""

import json
import sys

import numpy as np
from hftbacktest import (
    ADD_ORDER_EVENT, BUY_EVENT, CANCEL_ORDER_EVENT, EXCH_EVENT, FILL_EVENT, GTC, GTX, LIMIT,
    LOCAL_EVENT, MODIFY_ORDER_EVENT, SELL_EVENT, TRADE_EVENT, BacktestAsset,
    HashMapMarketDepthBacktest,
)
from hftbacktest.data.validation import correct_event_order
from hftbacktest.order import IOC
from hftbacktest.types import event_dtype
from numba import njit

MS = 1_000_000
LATENCY = 10 * MS
CLEAR_EVENT = 3
SIDES = {"b": BUY_EVENT, "a": SELL_EVENT}


def recording(rng, count):
    """A walk of orders that come, shrink, move, go and trade, always the first at the best price."""
    queues, rows, touches = {"b": {}, "a": {}}, [], []
    sizes, places = {}, {}
    at = known = 1_000_000 * MS
    number = 0

    def say(kind, order, side, tick, lots):
        rows.append([at, known, kind, order, side, tick, lots])

    def join(order, side, tick, lots):
        queues[side].setdefault(tick, []).append(order)
        sizes[order], places[order] = lots, (side, tick)

    def leave(order):
        side, tick = places.pop(order)
        queues[side][tick].remove(order)
        if not queues[side][tick]:
            del queues[side][tick]
        del sizes[order]

    def add(side, tick):
        nonlocal number
        number += 1
        join(number, side, tick, int(rng.integers(1, 12)))
        say("a", number, side, tick, sizes[number])

    for away in range(6):
        for _ in range(4):
            add("b", 1000 - away)
            add("a", 1001 + away)
    while len(rows) < count:
        at += int(rng.integers(1, 6)) * MS
        known = max(known, at + int(rng.integers(1, 5)) * MS)
        side = "b" if rng.random() < 0.5 else "a"
        inward = 1 if side == "b" else -1
        best = {"b": max(queues["b"]), "a": min(queues["a"])}
        touches.append((at, best))
        order = list(places)[int(rng.integers(len(places)))]
        far = len(queues[places[order][0]]) > 3 or len(queues[places[order][0]][places[order][1]]) > 1
        kind = rng.random()
        if kind < 0.55:
            tick = best[side] - inward * int(rng.integers(-2, 4))
            if (tick - best["a" if side == "b" else "b"]) * inward < 0:
                add(side, tick)
        elif kind < 0.70 and far:
            owner = places[order]
            leave(order)
            say("x", order, *owner, 0)
        elif kind < 0.80:
            lots = int(rng.integers(1, 14))
            mine, tick = places[order]
            moved = tick - (1 if mine == "b" else -1) * int(rng.integers(0, 2))
            keeps = moved == tick and lots <= sizes[order]
            if keeps:
                sizes[order] = lots
            else:
                leave(order)
                join(order, mine, moved, lots)
            say("m", order, mine, moved, lots)
        elif len(queues[side]) > 3:
            left = int(rng.integers(1, 12))
            say("t", 0, side, best[side], left)
            while left and best[side] in queues[side]:
                first = queues[side][best[side]][0]
                part = min(left, sizes[first])
                say("e", first, side, best[side], part)
                sizes[first] -= part
                left -= part
                if not sizes[first]:
                    leave(first)
    return rows, touches


def wishes(rng, touches, count):
    """Orders from one tick inside the touch to two behind it, and cancellations of some."""
    made, times = [], [at for at, _ in touches]
    now, waiting = times[0], {}
    for number in range(1, count + 1):
        wait = int(rng.integers(5, 45)) * MS
        now += wait
        ready = [order for order, since in waiting.items() if now - since > 150 * MS]
        if ready and rng.random() < 0.2:
            order = ready[int(rng.integers(len(ready)))]
            del waiting[order]
            made.append([wait, order, "b", 0, 0, "cancel"])
            continue
        best = touches[max(int(np.searchsorted(times, now)) - 1, 0)][1]
        side = "b" if rng.random() < 0.5 else "a"
        tick = best[side] - (1 if side == "b" else -1) * int(rng.integers(-1, 3))
        terms = ["limit", "post_only", "post_only", "immediate_or_cancel"][int(rng.integers(4))]
        made.append([wait, number, side, tick, int(rng.integers(1, 6)), terms])
        waiting[number] = now
    return made


def events(rows, tick, lot):
    """hftbacktest's words: what trades is a fill, then the order changes or goes."""
    left, made = {}, []

    def say(kind, row, side, price, lots):
        made.append((kind | side | EXCH_EVENT | LOCAL_EVENT, row[0], row[1], price * tick,
                     lots * lot, row[3], 0, 0.0))

    for row in rows:
        _, _, kind, order, side, price, lots = row
        side = SIDES.get(side, 0)
        if kind == "a":
            left[order] = (side, price, lots)
            say(ADD_ORDER_EVENT, row, side, price, lots)
        elif kind == "m":
            left[order] = (side, price, lots)
            say(MODIFY_ORDER_EVENT, row, side, price, lots)
        elif kind == "x":
            side, price, lots = left.pop(order)
            say(CANCEL_ORDER_EVENT, row, side, price, lots)
        elif kind == "e":
            side, price, there = left[order]
            say(FILL_EVENT, row, side, price, lots)
            if lots < there:
                left[order] = (side, price, there - lots)
                say(MODIFY_ORDER_EVENT, row, side, price, there - lots)
            else:
                del left[order]
                say(CANCEL_ORDER_EVENT, row, side, price, there)
        elif kind == "t":
            say(TRADE_EVENT, row, SELL_EVENT if side == BUY_EVENT else BUY_EVENT, price, lots)
        else:
            left.clear()
            say(CLEAR_EVENT, row, 0, 0, 0)
    data = np.array(made, event_dtype)
    return correct_event_order(data, np.argsort(data["exch_ts"], kind="mergesort"),
                               np.argsort(data["local_ts"], kind="mergesort"))


@njit
def run(hbt, waits, names, buys, prices, lots, terms):
    for k in range(len(waits)):
        if hbt.elapse(waits[k]) != 0:
            break
        if terms[k] == 99:
            order = hbt.orders(0).get(names[k])
            if order is not None and order.cancellable:
                hbt.cancel(0, names[k], False)
        elif buys[k]:
            hbt.submit_buy_order(0, names[k], prices[k], lots[k], terms[k], LIMIT, False)
        else:
            hbt.submit_sell_order(0, names[k], prices[k], lots[k], terms[k], LIMIT, False)
    while hbt.elapse(100_000_000) == 0:
        pass


TERMS = {"limit": GTC, "post_only": GTX, "immediate_or_cancel": IOC, "cancel": 99}
STANDING = {1: "working", 2: "done", 3: "filled", 4: "done"}


def outcomes(rows, orders, tick, lot):
    """Of each order what became of it, the tick it traded at and when."""
    # The engine reads the array where it lies: it must live as long.
    feed = events(rows, tick, lot)
    asset = (
        BacktestAsset().data([feed]).linear_asset(1.0)
        .constant_order_latency(LATENCY, LATENCY).no_partial_fill_exchange()
        .l3_fifo_queue_model().tick_size(tick).lot_size(lot)
    )
    hbt = HashMapMarketDepthBacktest([asset])
    columns = list(zip(*orders))
    run(hbt, np.array(columns[0], np.int64), np.array(columns[1], np.uint64),
        np.array([side == "b" for side in columns[2]]), np.array(columns[3]) * tick,
        np.array(columns[4]) * lot, np.array([TERMS[t] for t in columns[5]], np.int64))
    made, values = {}, hbt.orders(0).values()
    while values.has_next():
        order = values.get()
        filled = order.status == 3
        made[int(order.order_id)] = [
            STANDING[int(order.status)],
            round(order.exec_price / tick) if filled else 0,
            int(order.exch_timestamp) if filled else 0,
        ]
    return [[order, *made[order]] for order in sorted(made)]


def main():
    if len(sys.argv) == 2:
        rng = np.random.default_rng(19)
        rows, touches = recording(rng, 3_000)
        orders = wishes(rng, touches, 300)
        given = {"tick": 0.5, "lot": 0.01, "tape": rows, "orders": orders}
    else:
        with open(sys.argv[1]) as file:
            given = json.load(file)
    made = outcomes(given["tape"], given["orders"], given["tick"], given["lot"])
    with open(sys.argv[-1], "w") as file:
        written = made if len(sys.argv) > 2 else {**given, "outcomes": made}
        json.dump(written, file, separators=(",", ":"))
    print(sum(row[1] == "filled" for row in made), "of", len(made), "filled")


main()
