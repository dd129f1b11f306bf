"""Barrier options, binary barriers and touches by QuantLib, for tests of `pricing`. Argument: FILE."""

import itertools
import json
import sys

import QuantLib as ql

today = ql.Date(2, 1, 2024)
ql.Settings.instance().evaluationDate = today
count = ql.Actual365Fixed()
SPOT = 100.0
TYPES = {("down", "in"): ql.Barrier.DownIn, ("down", "out"): ql.Barrier.DownOut,
         ("up", "in"): ql.Barrier.UpIn, ("up", "out"): ql.Barrier.UpOut}
RIGHTS = {"call": ql.Option.Call, "put": ql.Option.Put}


def process(rate, dividend, vol):
    flat = lambda value: ql.YieldTermStructureHandle(ql.FlatForward(today, value, count))
    surface = ql.BlackConstantVol(today, ql.NullCalendar(), vol, count)
    return ql.BlackScholesMertonProcess(ql.QuoteHandle(ql.SimpleQuote(SPOT)), flat(dividend), flat(rate),
                                        ql.BlackVolTermStructureHandle(surface))


def vanilla(right, barrier, knock, strike, level, rebate, days, world):
    option = ql.BarrierOption(TYPES[barrier, knock], level, rebate, ql.PlainVanillaPayoff(RIGHTS[right], strike),
                              ql.EuropeanExercise(today + days))
    option.setPricingEngine(ql.AnalyticBarrierEngine(process(*world)))
    return option.NPV()


def binary(right, barrier, knock, strike, level, kind, days, world):
    make = ql.CashOrNothingPayoff(RIGHTS[right], strike, 1.0) if kind == "cash" \
        else ql.AssetOrNothingPayoff(RIGHTS[right], strike)
    option = ql.BarrierOption(TYPES[barrier, knock], level, 0.0, make,
                              ql.AmericanExercise(today, today + days, True))
    option.setPricingEngine(ql.AnalyticBinaryBarrierEngine(process(*world)))
    return option.NPV()


def touch(barrier, level, days, world, at_expiry):
    right = ql.Option.Put if barrier == "down" else ql.Option.Call
    option = ql.VanillaOption(ql.CashOrNothingPayoff(right, level, 1.0),
                              ql.AmericanExercise(today, today + days, at_expiry))
    option.setPricingEngine(ql.AnalyticDigitalAmericanEngine(process(*world)))
    return option.NPV()


WORLDS = [(0.05, 0.02, 0.2), (0.01, 0.06, 0.35), (-0.005, 0.0, 0.15), (0.0, 0.0, 0.6)]
LEVELS = {"down": [60.0, 85.0, 97.0, 99.9], "up": [100.1, 104.0, 120.0, 160.0]}
cases = {"vanilla": [], "binary": [], "touch": []}
for world, days in itertools.product(WORLDS, [7, 182, 730]):
    if world[0] < 0 and days > 200:
        continue
    for barrier in LEVELS:
        for level in LEVELS[barrier]:
            for at_expiry in (False, True):
                value = touch(barrier, level, days, world, at_expiry)
                cases["touch"].append([barrier, level, days, *world, "expiry" if at_expiry else "touch", value])
            for knock, right, strike in itertools.product(["in", "out"], RIGHTS, [80.0, 101.0, 125.0]):
                rebate = {80.0: 0.0, 101.0: 3.0, 125.0: 0.5}[strike]
                value = vanilla(right, barrier, knock, strike, level, rebate, days, world)
                cases["vanilla"].append([right, barrier, knock, strike, level, rebate, days, *world, value])
                kind = "cash" if days != 182 else "asset"
                if level in (85.0, 99.9, 104.0, 160.0):
                    value = binary(right, barrier, knock, strike, level, kind, days, world)
                    cases["binary"].append([right, barrier, knock, strike, level, kind, days, *world, value])
with open(sys.argv[1], "w") as file:
    json.dump({"spot": SPOT, **cases}, file, separators=(",", ":"))
