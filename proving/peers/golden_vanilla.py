"""Options by QuantLib and py_lets_be_rational, for the tests of `pricing`. Argument: FILE."""

import json
import math
import sys

import py_lets_be_rational as rational
import QuantLib as ql

TODAY = ql.Date(15, 1, 2025)
ql.Settings.instance().evaluationDate = TODAY
DAYS = ql.Actual365Fixed()
RIGHTS = {"call": ql.Option.Call, "put": ql.Option.Put}


def process(spot, rate, yield_rate, volatility):
    def curve(level):
        return ql.YieldTermStructureHandle(ql.FlatForward(TODAY, level, DAYS))

    surface = ql.BlackConstantVol(TODAY, ql.NullCalendar(), volatility, DAYS)
    return ql.BlackScholesMertonProcess(ql.QuoteHandle(ql.SimpleQuote(spot)), curve(yield_rate),
                                        curve(rate), ql.BlackVolTermStructureHandle(surface))


def european():
    cases = []
    grid = [(strike, days, volatility, rates) for strike in (20, 60, 90, 100, 101, 130, 250)
            for days in (1, 30, 365, 3650) for volatility in (0.02, 0.2, 0.6, 2.5)
            for rates in ((0.05, 0.0), (-0.01, 0.03))]
    for number, (strike, days, volatility, (rate, yield_rate)) in enumerate(grid):
        right = "call" if number % 2 == (strike > 100) else "put"
        years, spot = days / 365, 100.0
        discount, carry = math.exp(-rate * years), math.exp(-yield_rate * years)
        payoff = ql.PlainVanillaPayoff(RIGHTS[right], strike)
        made = ql.BlackCalculator(payoff, spot * carry / discount,
                                  volatility * math.sqrt(years), discount)
        option = ql.VanillaOption(payoff, ql.EuropeanExercise(TODAY + days))
        underlying = process(spot, rate, yield_rate, volatility)
        option.setPricingEngine(ql.AnalyticEuropeanEngine(underlying))
        assert abs(option.NPV() - made.value()) < 1e-9
        cases.append({"option": {"right": right, "strike": strike, "years": years},
                      "market": {"spot": spot, "rate": rate, "yield_rate": yield_rate,
                                 "volatility": volatility},
                      "value": made.value(), "delta": made.delta(spot), "gamma": made.gamma(spot),
                      "vega": made.vega(years), "theta": made.theta(spot, years),
                      "rho": made.rho(years), "yield_rho": made.dividendRho(years)})
    return cases


def implied():
    cases = []
    for strike in (20.0, 60.0, 95.0, 99.9, 100.0, 105.0, 170.0, 400.0):
        for deviation in (0.001, 0.01, 0.1, 0.4, 1.5, 6.0):
            right = "call" if strike >= 100 else "put"
            sign = 1.0 if strike >= 100 else -1.0
            price = rational.black(100.0, strike, deviation, 1.0, sign)
            if price > 1e-300:
                found = rational.implied_volatility_from_a_transformed_rational_guess(
                    price, 100.0, strike, 1.0, sign)
                cases.append({"right": right, "strike": strike, "price": price,
                              "deviation": found})
    return cases


def american():
    grid = 1600
    worlds = [(0.05, 0.0, 0.25, 365), (0.05, 0.08, 0.25, 365), (0.02, 0.01, 0.5, 91),
              (0.08, 0.0, 0.15, 730), (-0.02, 0.0, 0.2, 365)]
    payments = [[], [(100, 2.0)], [(20, 1.5), (80, 1.5)]]
    cases = []
    for rate, yield_rate, volatility, days in worlds:
        for paid in payments:
            if paid and yield_rate:
                continue
            for right, strike in (("put", 85.0), ("put", 100.0), ("put", 115.0), ("call", 80.0),
                                  ("call", 100.0), ("call", 115.0)):
                underlying = process(100.0, rate, yield_rate, volatility)
                payoff = ql.PlainVanillaPayoff(RIGHTS[right], strike)
                option = ql.VanillaOption(payoff, ql.AmericanExercise(TODAY, TODAY + days))
                dividends = ql.DividendVector([TODAY + day for day, _ in paid],
                                              [cash for _, cash in paid])
                option.setPricingEngine(ql.FdBlackScholesVanillaEngine(
                    underlying, dividends, grid, grid, 0))
                case = {"option": {"right": right, "strike": strike, "years": days / 365},
                        "market": {"spot": 100.0, "rate": rate, "yield_rate": yield_rate,
                                   "volatility": volatility},
                        "dividends": [{"years": day / 365, "cash": cash} for day, cash in paid],
                        "value": option.NPV(), "delta": option.delta(), "gamma": option.gamma()}
                if not paid:
                    option.setPricingEngine(ql.BinomialLRVanillaEngine(underlying, 101))
                    case["tree"] = option.NPV()
                cases.append(case)
    return cases


with open(sys.argv[1], "w") as file:
    json.dump({"european": european(), "implied": implied(), "american": american()}, file)
