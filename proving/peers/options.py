"""QuantLib and py_lets_be_rational, one option a call, arguments already Python floats.

Rounds: `implied` (QuantLib's Black formula inverted by Newton) and `greeks` (its BlackCalculator:
value, delta, gamma, vega, theta, rho). Each answers nanoseconds an option.
"""

import math
import random
import time

import QuantLib as ql

from rounds import serve

random.seed(7)
ROWS = []
for _ in range(20_000):
    years, volatility = random.uniform(7, 730) / 365, random.uniform(0.1, 0.9)
    forward, deviation = 100 * math.exp(0.03 * years), volatility * math.sqrt(years)
    away = random.uniform(-1.5, 1.5) * deviation
    kind = ql.Option.Call if away > 0 else ql.Option.Put
    strike, discount = forward * math.exp(away), math.exp(-0.04 * years)
    price = ql.blackFormula(kind, strike, forward, deviation, discount)
    payoff = ql.PlainVanillaPayoff(kind, strike)
    ROWS.append((kind, payoff, strike, forward, deviation, discount, years, price))


def one_round(ask):
    begun = time.perf_counter()
    if ask[0] == "implied":
        for kind, _, strike, forward, _, discount, _, price in ROWS:
            ql.blackFormulaImpliedStdDev(kind, strike, forward, price, discount)
    else:
        for _, payoff, _, forward, deviation, discount, years, _ in ROWS:
            black = ql.BlackCalculator(payoff, forward, deviation, discount)
            black.value(), black.delta(100.0), black.gamma(100.0)
            black.vega(years), black.theta(100.0, years), black.rho(years)
    return (time.perf_counter() - begun) * 1e9 / len(ROWS)


serve(f"QuantLib {ql.__version__}", one_round)
