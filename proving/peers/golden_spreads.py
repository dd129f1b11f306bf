"""Spreads estimated from bars by numpy, for the tests of `sim`. Argument: FILE."""

import json
import sys

import numpy as np

rng = np.random.default_rng(7)
bars, middle = [], np.log(50.0)
for at in range(120):
    # Nights every tenth bar, so that gaps are met.
    middle += 0.01 * rng.normal() if at % 10 == 0 else 0.0
    steps = middle + np.cumsum(rng.normal(size=200)) * 0.006 / np.sqrt(200)
    prices = np.exp(steps + 0.004 * rng.choice([-0.5, 0.5], size=200))
    middle = steps[-1]
    bars.append([round(float(p), 4) for p in (prices[0], prices.max(), prices.min(), prices[-1])])
_, high, low, close = np.log(np.array(bars)).T

change = np.diff(close)
roll = 2 * np.sqrt(-np.cov(change[1:], change[:-1], bias=True)[0, 1])

gap = np.where(low[1:] > close[:-1], low[1:] - close[:-1], np.where(high[1:] < close[:-1], high[1:] - close[:-1], 0))
next_high, next_low = high[1:] - gap, low[1:] - gap
beta = (high[:-1] - low[:-1]) ** 2 + (next_high - next_low) ** 2
gamma = (np.maximum(high[:-1], next_high) - np.minimum(low[:-1], next_low)) ** 2
scale = 3 - 2 * np.sqrt(2)
alpha = (np.sqrt(2 * beta) - np.sqrt(beta)) / scale - np.sqrt(gamma / scale)
pairs = np.maximum(2 * np.tanh(alpha / 2), 0)

middles = (high + low) / 2
abdi_ranaldo = np.sqrt(max(0.0, 4 * np.mean((close[:-1] - middles[:-1]) * (close[:-1] - middles[1:]))))
with open(sys.argv[1], "w") as file:
    json.dump({"bars": bars, "roll_bps": roll * 1e4, "corwin_schultz_bps": pairs.mean() * 1e4,
               "floored": float((pairs == 0).mean()), "abdi_ranaldo_bps": abdi_ranaldo * 1e4}, file)
